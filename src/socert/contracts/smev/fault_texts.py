"""The exchange's own words for each fault, by operation, to the letter of its manual.

    because(Operation.SEND_REQUEST, Cause.ALREADY_SENT, message_id="…")   # Fault, ready to be answered
    text(Operation.SEND_REQUEST, Cause.ALREADY_SENT, message_id="…")      # its text alone
    of_kind(Operation.ACK, FaultKind.SMEV_FAILURE)                        # Fault of a kind, where nothing is the cause
    causes(Operation.ACK, FaultKind.SMEV_FAILURE) -> tuple[Cause, ...]    # what the kind may be answered for
    origin(Operation.ACK, Cause.SMEV_FAILURE) -> Origin                   # whose words these are

Source: SMEV 3 manual 3.3, appendix 6, tables 14 to 19. Causes that the tables do not list are worded here and marked
so. Numbers: those seen in real answers and emulators; numbers from 900 on are ours, since the official list is not
public.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from string import Formatter
from typing import TYPE_CHECKING

from socert.contracts.smev.faults import Fault, FaultKind, ValidationError
from socert.contracts.smev.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CODE = "socert:EXCHANGE : TR:SYNC"
"""The component's address that our faults carry in Code; readers must not parse it."""

OURS = 900
"""From this number on the "SMEV-NNN" numbers are ours, not the exchange's."""

SYSTEM_SIGNATURE = "ЭП-ОВ"
"""What the manual calls the signature of an information system (`signature_type`)."""

PERSONAL_SIGNATURE = "ЭП-СП"
"""What the manual calls the signature of a person (`signature_type`)."""

_INCOMPLETE = "Не удалось найти получателя по причине неполноты входных данных: {error}"
_NOBODY = "Невозможно определить получателя для сообщения. Полное имя корневого элемента: {{{namespace}}}{root}"
_OTHER_METHOD = (
    "Попытка послать сообщение {{{namespace}}}{root} через метод {method}, в то время как этот тип сообщений"
)


class Cause(Enum):
    """Why a call is refused: the fault's kind, and the text that the tables give for it (fields in braces).

    The text may differ by operation: see `text`.
    """

    ACCESS_DENIED = FaultKind.ACCESS_DENIED, "Доступ запрещён"
    ATTACHMENTS_WITHOUT_HEADERS = (
        FaultKind.ATTACHMENT_CONTENT_MISCOORDINATION,
        "Количество вложений - {attachments}, нет ни одного заголовка.",
    )
    ATTACHMENT_COUNTS_DIFFER = (
        FaultKind.ATTACHMENT_CONTENT_MISCOORDINATION,
        "Количество вложений - {attachments}, количество заголовков - {headers}",
    )
    ATTACHMENT_WITHOUT_HEADER = (
        FaultKind.ATTACHMENT_CONTENT_MISCOORDINATION,
        'Вложение [Id="{attachment_id}"] не имеет заголовка.',
    )
    FTP_ATTACHMENT_WRONG = (
        FaultKind.ATTACHMENT_CONTENT_MISCOORDINATION,
        "Некорректная информация о фтп вложениях; message id = {message_id}",
    )
    ATTACHMENT_FIELDS_EMPTY = (
        FaultKind.ATTACHMENT_CONTENT_MISCOORDINATION,
        "Вложения не имеют заполненных требуемых полей.",
    )
    ATTACHMENTS_TOO_BIG = (
        FaultKind.ATTACHMENT_SIZE_LIMIT_EXCEEDED,
        "Превышен максимально допустимый суммарный размер присоединённых файлов.",
    )
    FTP_ATTACHMENTS_TOO_BIG = (
        FaultKind.ATTACHMENT_SIZE_LIMIT_EXCEEDED,
        "Превышен максимально допустимый суммарный размер ftp файлов.",
    )
    QUOTA_EXCEEDED = FaultKind.QUOTE_LIMIT_EXCEEDED, "Квота на файловое хранилище для получателя превышена!"
    TYPE_NOT_SUPPORTED = FaultKind.BUSINESS_DATA_TYPE_IS_NOT_SUPPORTED, "Неподдерживаемый тип запроса."
    TYPE_OF_OTHER_OPERATION = (
        FaultKind.BUSINESS_DATA_TYPE_IS_NOT_SUPPORTED,
        _OTHER_METHOD + " зарегистрирован как {category}",
    )
    ENVELOPE_BROKEN = FaultKind.INVALID_CONTENT, "Нарушен формат бизнес-конверта."
    SIGNATURE_BLOCK_MISSING = (
        # Not in the tables: the wording of a real answer (schema 1.2) to a call without a signature.
        FaultKind.INVALID_CONTENT,
        "Сообщение содержит не все вложенные элементы. Блок CallerInformationSystemSignature отсутствует либо пуст.",
    )
    CONTENT_INVALID = (
        FaultKind.INVALID_CONTENT,
        "Бизнес-данные сообщения не соответствуют схеме, зарегистрированной в СМЭВ. MessageId = {message_id}",
    )
    TYPE_NOT_REGISTERED = (
        FaultKind.INVALID_CONTENT,
        _OTHER_METHOD + " не зарегистрирован в СМЭВ.",
    )
    RECIPIENT_DATA_INCOMPLETE = FaultKind.RECIPIENT_IS_NOT_FOUND, _INCOMPLETE
    RECIPIENT_UNKNOWN = FaultKind.RECIPIENT_IS_NOT_FOUND, _NOBODY
    RECIPIENT_OKTMO_WRONG = (
        FaultKind.RECIPIENT_IS_NOT_FOUND,
        _NOBODY + "; Ошибка ОКТМО:{error}",
    )
    RECIPIENT_AMBIGUOUS = (
        FaultKind.RECIPIENT_IS_NOT_FOUND,
        "Найдено несколько получателей для сообщения. Полное имя корневого элемента: {{{namespace}}}{root}",
    )
    REPLY_TO_UNKNOWN = (
        FaultKind.RECIPIENT_IS_NOT_FOUND,
        "Невозможно определить получателя для ответа на запрос. Адресная информация: {to}",
    )
    SMEV_FAILURE = FaultKind.SMEV_FAILURE, "Ошибка СМЭВ. Обратитесь в службу технической поддержки."
    SENDER_UNKNOWN = FaultKind.SENDER_IS_NOT_REGISTERED, "Информационная система не зарегистрирована в СМЭВ."
    CERTIFICATE_UNKNOWN = (
        FaultKind.SENDER_IS_NOT_REGISTERED,
        "Предъявленный сертификат пользователя {subject} не зарегистрирован в СМЭВ",
    )
    SIGNATURE_MISSING = FaultKind.SIGNATURE_VERIFICATION, "Отсутствует ЭП-ОВ"
    CERTIFICATE_EXPIRED = (
        FaultKind.SIGNATURE_VERIFICATION,
        "Срок действия сертификата истёк. Сертификат действителен до {valid_until}",
    )
    CERTIFICATE_NOT_YET_VALID = (
        FaultKind.SIGNATURE_VERIFICATION,
        "Срок действия сертификата не начался. Сертификат действителен с {valid_since}",
    )
    CERTIFICATE_NOT_VALID = FaultKind.SIGNATURE_VERIFICATION, "Сертификат сотрудника не действителен."
    ATTACHMENT_CERTIFICATE_EXPIRED = (
        FaultKind.SIGNATURE_VERIFICATION,
        "Проверка подписи на вложении {attachment_id}: срок действия сертификата истёк.",
    )
    ATTACHMENT_SIGNATURE_WRONG = (
        FaultKind.SIGNATURE_VERIFICATION,
        "Проверка подписи на вложении {attachment_id}: {error}",
    )
    SIGNATURE_EXPIRED = FaultKind.SIGNATURE_VERIFICATION, "Срок действия сертификата {signature_type} истёк."
    SIGNATURE_WRONG = FaultKind.SIGNATURE_VERIFICATION, "{signature_type} не соответствует подписанным данным: "
    SIGNATURE_ABSENT = FaultKind.SIGNATURE_VERIFICATION, "{signature_type} отсутствует в сообщении {message_id}"
    # The first letter is Latin in the manual, and so on the wire.
    CERTIFICATE_REVOKED = FaultKind.SIGNATURE_VERIFICATION, "Cертификат отозван. Код ответа в ГУЦ:{answer}"
    DESTINATION_OVERFLOW = (
        FaultKind.DESTINATION_OVERFLOW,
        "Очередь, в которую должно быть отправлено сообщение, переполнена.",
    )
    ALREADY_SENT = FaultKind.MESSAGE_IS_ALREADY_SENT, "Сообщение с идентификатором {message_id} было послано ранее."
    ID_FORMAT = (
        FaultKind.INVALID_MESSAGE_ID_FORMAT,
        "Недопустимый формат идентификатора сообщения. См. RFC-4122.",
    )
    ID_STALE = FaultKind.STALE_MESSAGE_ID, "Timestamp идентификатора сообщения слишком давний."
    TARGET_NOT_FOUND = (
        FaultKind.TARGET_MESSAGE_IS_NOT_FOUND,
        "Сообщение {message_id} не найдено среди неподтверждённых.",
    )
    TYPE_UNKNOWN = (
        FaultKind.UNKNOWN_MESSAGE_TYPE,
        "Входящая очередь запрошенного типа сообщений, принадлежащая пользователю {subject} не зарегистрирована в СМЭВ",
    )
    # The tables give no text for these: the words are ours.
    END_OF_LIFE = FaultKind.END_OF_LIFE_REACHED, "Превышено время жизни сообщения."
    TRANSACTION_CODE_INVALID = FaultKind.TRANSACTION_CODE_INVALID, "Недопустимый код транзакции."
    RESPONSE_TYPE_WRONG = (
        FaultKind.INCORRECT_RESPONSE_CONTENT_TYPE,
        "Содержимое сообщения зарегистрировано в СМЭВ как запрос, а не как ответ.",
    )
    REQUEST_NOT_FOUND = FaultKind.REQUEST_IS_NOT_FOUND, "Запрос не найден в журнале СМЭВ."
    PERSONAL_ACCESS_DENIED = (
        FaultKind.PERSONAL_ACCESS_DENIED,
        "Доступ запрещён: у владельца сертификата ЭП-СП нет прав на отправку сообщений получателю.",
    )

    @property
    def kind(self) -> FaultKind:
        """The fault that this cause leads to."""
        return self.value[0]

    @property
    def template(self) -> str:
        """The text of most operations."""
        return self.value[1]


_POLLER_UNKNOWN = "Отправитель не зарегистрирован в СМЭВ"
_TEXTS: Mapping[tuple[Operation, Cause], str] = {
    (Operation.SEND_REQUEST, Cause.CERTIFICATE_UNKNOWN): "Сертификат сотрудника не зарегистрирован в СМЭВ.",
    (Operation.SEND_RESPONSE, Cause.CERTIFICATE_UNKNOWN): (
        "Сертификат, которым подписано вложение, не зарегистрирован в СМЭВ."
    ),
    (Operation.SEND_RESPONSE, Cause.CERTIFICATE_NOT_VALID): (
        "Сертификат, которым подписано вложение, не действителен."
    ),
    (Operation.GET_REQUEST, Cause.SENDER_UNKNOWN): _POLLER_UNKNOWN,
    (Operation.GET_RESPONSE, Cause.SENDER_UNKNOWN): _POLLER_UNKNOWN,
    (Operation.GET_RESPONSE, Cause.SIGNATURE_MISSING): "<getResponse> Отсутствует ЭП-ОВ",
    # The space before the word is the manual's.
    (Operation.ACK, Cause.SIGNATURE_MISSING): " Отсутствует ЭП-ОВ",
    (Operation.GET_STATUS, Cause.SIGNATURE_MISSING): " Отсутствует ЭП-ОВ",
}
"""Where one operation words a cause differently."""

_NUMBERS: Mapping[FaultKind, int] = {
    FaultKind.SIGNATURE_VERIFICATION: 100,  # real answers
    FaultKind.ATTACHMENT_CONTENT_MISCOORDINATION: 201,  # the portal's list of errors
    FaultKind.INVALID_MESSAGE_ID_FORMAT: 300,  # an emulator
    FaultKind.MESSAGE_IS_ALREADY_SENT: 301,  # an emulator
    FaultKind.INVALID_CONTENT: 403,  # real answers
    FaultKind.TARGET_MESSAGE_IS_NOT_FOUND: 501,  # real answers
    FaultKind.DESTINATION_OVERFLOW: 600,  # an emulator
    # From here on ours.
    FaultKind.ACCESS_DENIED: 901,
    FaultKind.ATTACHMENT_SIZE_LIMIT_EXCEEDED: 902,
    FaultKind.BUSINESS_DATA_TYPE_IS_NOT_SUPPORTED: 903,
    FaultKind.END_OF_LIFE_REACHED: 904,
    FaultKind.INCORRECT_RESPONSE_CONTENT_TYPE: 905,
    FaultKind.QUOTE_LIMIT_EXCEEDED: 906,
    FaultKind.RECIPIENT_IS_NOT_FOUND: 907,
    FaultKind.REQUEST_IS_NOT_FOUND: 908,
    FaultKind.SENDER_IS_NOT_REGISTERED: 909,
    FaultKind.SMEV_FAILURE: 910,
    FaultKind.STALE_MESSAGE_ID: 911,
    FaultKind.TRANSACTION_CODE_INVALID: 912,
    FaultKind.UNKNOWN_MESSAGE_TYPE: 913,
    FaultKind.PERSONAL_ACCESS_DENIED: 914,
}


_ATTACHMENTS = (
    Cause.ATTACHMENTS_WITHOUT_HEADERS,
    Cause.ATTACHMENT_COUNTS_DIFFER,
    Cause.ATTACHMENT_WITHOUT_HEADER,
    Cause.FTP_ATTACHMENT_WRONG,
    Cause.ATTACHMENT_FIELDS_EMPTY,
    Cause.ATTACHMENTS_TOO_BIG,
    Cause.FTP_ATTACHMENTS_TOO_BIG,
    Cause.QUOTA_EXCEEDED,
)
_SIGNATURE = (
    Cause.SIGNATURE_MISSING,
    Cause.CERTIFICATE_EXPIRED,
    Cause.CERTIFICATE_NOT_YET_VALID,
    Cause.SIGNATURE_EXPIRED,
    Cause.SIGNATURE_WRONG,
    Cause.SIGNATURE_ABSENT,
    Cause.CERTIFICATE_REVOKED,
)
_EVERY_CALL = (
    Cause.ENVELOPE_BROKEN,
    Cause.CONTENT_INVALID,
    Cause.SMEV_FAILURE,
    Cause.SENDER_UNKNOWN,
    Cause.CERTIFICATE_UNKNOWN,
    *_SIGNATURE,
)
_SENDING = (
    Cause.ACCESS_DENIED,
    *_ATTACHMENTS,
    Cause.TYPE_NOT_SUPPORTED,
    Cause.TYPE_OF_OTHER_OPERATION,
    *_EVERY_CALL,
    Cause.CERTIFICATE_NOT_VALID,
    Cause.ATTACHMENT_CERTIFICATE_EXPIRED,
    Cause.ATTACHMENT_SIGNATURE_WRONG,
    Cause.RECIPIENT_DATA_INCOMPLETE,
    Cause.DESTINATION_OVERFLOW,
    Cause.ALREADY_SENT,
    Cause.ID_FORMAT,
    Cause.ID_STALE,
)
_TABLES: Mapping[Operation, tuple[Cause, ...]] = {
    Operation.SEND_REQUEST: (
        *_SENDING,
        Cause.RECIPIENT_UNKNOWN,
        Cause.RECIPIENT_OKTMO_WRONG,
        Cause.RECIPIENT_AMBIGUOUS,
    ),
    Operation.SEND_RESPONSE: (*_SENDING, Cause.TYPE_NOT_REGISTERED, Cause.REPLY_TO_UNKNOWN),
    Operation.GET_REQUEST: (*_EVERY_CALL, Cause.TYPE_UNKNOWN),
    Operation.GET_RESPONSE: (*_EVERY_CALL, Cause.TYPE_UNKNOWN),
    Operation.ACK: (*_EVERY_CALL, Cause.TARGET_NOT_FOUND),
    Operation.GET_STATUS: (*_EVERY_CALL, Cause.TYPE_UNKNOWN),
    # The manual has no table for it.
    Operation.GET_INCOMING_QUEUE_STATISTICS: (),
}
"""What the manual's table for each operation lists."""

_UNTOLD: Mapping[Operation, tuple[Cause, ...]] = {
    Operation.SEND_REQUEST: (Cause.END_OF_LIFE, Cause.TRANSACTION_CODE_INVALID, Cause.PERSONAL_ACCESS_DENIED),
    Operation.SEND_RESPONSE: (Cause.RESPONSE_TYPE_WRONG,),
    Operation.GET_INCOMING_QUEUE_STATISTICS: _EVERY_CALL,
}
"""What the WSDL lets an operation answer and the tables do not list, so that the words are ours."""


class Origin(StrEnum):
    """Whose words a text is."""

    MANUAL = "manual"
    """The manual's appendix 6, to the letter."""
    ANSWER = "answer"
    """A real answer of the exchange."""
    OURS = "ours"


def origin(operation: Operation, cause: Cause) -> Origin:
    """Return whose words the text of a cause is, in an operation."""
    if cause in _TABLES[operation]:
        return Origin.MANUAL
    return Origin.ANSWER if cause is Cause.SIGNATURE_BLOCK_MISSING else Origin.OURS


def causes(operation: Operation, kind: FaultKind) -> tuple[Cause, ...]:
    """Return what an operation may answer a kind of fault for, the manual's causes first."""
    known = (*_TABLES[operation], Cause.SIGNATURE_BLOCK_MISSING, *_UNTOLD.get(operation, ()))
    return tuple(cause for cause in known if cause.kind is kind)


def number(kind: FaultKind) -> int:
    """Return NNN of "SMEV-NNN" for a kind; 900 and above are ours. Raises KeyError for UNKNOWN."""
    return _NUMBERS[kind]


def text(operation: Operation, cause: Cause, **values: object) -> str:
    """Return the text of a cause as the operation words it, its fields filled.

    Raises KeyError where a field that the text names is not given: `message_id`, `subject`, `namespace`, `root`, ….
    The method's name (`method`) is filled from the operation.
    """
    return _template(operation, cause).format(**{"method": _method(operation), **values})


def fields(operation: Operation, cause: Cause) -> frozenset[str]:
    """Return which values the text of a cause needs; the method's name is known anyway."""
    found = {name for _, name, _, _ in Formatter().parse(_template(operation, cause)) if name}
    return frozenset(found - {"method"})


def _template(operation: Operation, cause: Cause) -> str:
    return _TEXTS.get((operation, cause), cause.template)


def _method(operation: Operation) -> str:
    return operation.value[0].lower() + operation.value[1:]


def of_kind(operation: Operation, kind: FaultKind, **values: str) -> Fault:
    """Return a fault of a kind that nothing in a call is the cause of, by the first text that needs `values` alone.

    For faults that a tester orders. Raises ValueError where no text does with them; UNKNOWN has none.
    """
    for cause in causes(operation, kind) or tuple(cause for cause in Cause if cause.kind is kind):
        if fields(operation, cause) <= values.keys():
            missing = {"SignatureVerificationFault": "NoSignatureFound"} if cause is Cause.SIGNATURE_MISSING else None
            return because(operation, cause, details=missing, errors=(), **values)
    raise ValueError(f"no text of {kind.value or 'an unknown fault'} does with {', '.join(values) or 'nothing'}")


def because(
    operation: Operation,
    cause: Cause,
    *,
    details: Mapping[str, str] | None = None,
    errors: Sequence[ValidationError] = (),
    **values: object,
) -> Fault:
    """Return the fault for a cause: text, code and "SMEV-NNN:text". `values` fill the text (see `text`)."""
    words = text(operation, cause, **values)
    return Fault(
        kind=cause.kind,
        text=words,
        code=CODE,
        description=f"SMEV-{number(cause.kind)}:{words}",
        details=details or {},
        errors=tuple(errors),
    )
