"""What an import did, as numbers and as text for the operator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from socert.gateway.domain.export import Code, Kind, Warned
from socert.gateway.intake.progress import NAMES
from socert.gateway.ports import Put

if TYPE_CHECKING:
    from collections.abc import Mapping

REFUSED = {
    Code.BROKEN_ROW: "строка не разбирается на столбцы",
    Code.BAD_CHARACTERS: "недопустимые символы",
    Code.EMPTY: "пустое обязательное поле",
    Code.TOO_LONG: "слишком длинное значение",
    Code.BAD_DATE: "неверная дата",
    Code.BAD_NUMBER: "не число или лишние знаки после запятой",
    Code.NEGATIVE: "отрицательная величина",
    Code.OUT_OF_RANGE: "число вне допустимых границ",
    Code.UNKNOWN_STATUS: "неизвестный статус",
    Code.UNKNOWN_VALUE: "неизвестное значение",
    Code.SNILS_FORM: "СНИЛС не из 11 цифр",
    Code.SNILS_CHECKSUM: "контрольное число СНИЛС не сходится",
    Code.INN_FORM: "ИНН неверной длины",
    Code.INN_CHECKSUM: "контрольные цифры ИНН не сходятся",
    Code.GUID_FORM: "GUID не по форме",
    Code.OKTMO_FORM: "ОКТМО не из 8 или 11 цифр",
    Code.AGE_OVER_17: "ребёнок старше 17 лет",
    Code.BORN_LATER: "родился позже начала действия сертификата",
    Code.ENDS_BEFORE_START: "окончание раньше начала",
    Code.BALANCE_MISMATCH: "остаток не сходится",
    Code.SUMS_EXCEED_PART: "списано и забронировано больше части по сертификату",
    Code.DUPLICATE_NUMBER: "повтор номера",
    Code.DUPLICATE_GUID: "повтор GUID",
    Code.GUID_CHANGED: "у известного номера другой GUID",
    Code.NO_CERTIFICATE: "нет такого сертификата",
    Code.CERTIFICATE_REFUSED: "договор отклонённого сертификата",
    Code.UNIT_DIFFERS: "единица не та, что у сертификата",
    Code.PART_EXCEEDS_NOMINAL: "часть договора больше номинала",
}
WARNED = {
    Warned.CONTRACTS_DO_NOT_ADD_UP: "сертификаты, у которых бронь и расход не равны суммам договоров",
    Warned.UNKNOWN_OKTMO: "сертификаты с ОКТМО, которого нет в справочнике: сообщения о них будут задержаны",
    Warned.UNKNOWN_PROGRAMME: "договоры с группой, которой нет среди программ: сообщения о них будут задержаны",
    Warned.AGE_UNDER_5: "дети младше 5 лет на начало действия сертификата",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class KindSummary:
    """One table: `read` rows = `put.new + put.changed + put.same + refused`.

    `missing`: records that the registry keeps and this export does not bring (no row, or a refused one); they stay as
    they were. None where it is not counted: for municipalities and programmes.
    """

    kind: Kind
    read: int = 0
    put: Put = field(default_factory=Put)
    refused: int = 0
    missing: int | None = None

    @property
    def taken(self) -> int:
        """Rows that are in the registry now."""
        return self.put.new + self.put.changed + self.put.same


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """What an import did. `kinds` holds the tables that the export brought, in the order of taking."""

    profile: str
    kinds: tuple[KindSummary, ...]
    refusals: Mapping[tuple[Kind, Code], int]
    warnings: Mapping[Warned, int]

    @property
    def refused(self) -> int:
        """All refused rows."""
        return sum(kind.refused for kind in self.kinds)

    def of(self, kind: Kind) -> KindSummary:
        """Return one table's numbers; zeros when the export did not bring it."""
        return next((found for found in self.kinds if found.kind is kind), KindSummary(kind=kind))


def render_summary(summary: Summary) -> str:
    """Return the summary as Russian lines for a terminal, without personal data."""
    lines = [f"Профиль выгрузки: {summary.profile}"]
    for kind in summary.kinds:
        lines.append(
            f"{NAMES[kind.kind]}: строк {kind.read}, новых {kind.put.new}, изменено {kind.put.changed}, "
            f"без изменений {kind.put.same}, отклонено {kind.refused}"
        )
        if kind.missing:
            lines.append(f"  нет в этой выгрузке или отклонены в ней, оставлены прежними: {kind.missing}")
        lines += [
            f"  отклонено, {REFUSED[code]} ({code.value}): {count}"
            for (of, code), count in sorted(summary.refusals.items())
            if of is kind.kind
        ]
    if any(summary.warnings.values()):
        lines.append("Предупреждения (строки приняты):")
        lines += [f"  {WARNED[code]}: {count}" for code, count in sorted(summary.warnings.items()) if count]
    return "\n".join(lines)
