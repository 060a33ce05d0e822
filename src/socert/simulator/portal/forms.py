"""The forms of consent that the portal shows, and the consent that a yes to one of them is.

What a form says follows 152-FZ, article 9: who processes, which data, for what, what is done with them, until when,
how to withdraw. The digest sent with a consent is of the exact text shown.
Source: portal message dictionary, 6 (block E-CONSENT) and 10.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts.portal.agreed import Consent, DigestAlgorithm, TextDigest
from socert.contracts.portal.blocks import Channel, FormCode

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """A form: its code, what it is called, and the whole text a parent reads before the yes."""

    code: FormCode
    title: str
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of the text in UTF-8: 64 lower-case hexadecimal digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()


FORMS = {
    form.code: form
    for form in (
        Form(
            code=FormCode.PD_PROCESSING,
            title="Согласие на обработку персональных данных",
            text=(
                "Я, законный представитель ребёнка, даю согласие уполномоченному органу региона, оператору реестра"
                " сертификатов и организации, реализующей выбранную программу, на обработку моих персональных данных"
                " и персональных данных ребёнка: фамилии, имени, отчества, даты рождения, пола, СНИЛС, реквизитов"
                " документа, удостоверяющего личность, и свидетельства о рождении, адреса регистрации, телефона,"
                " адреса электронной почты, сведений о сертификате, договорах об обучении и посещении занятий."
                " Цель обработки: выдача и учёт социального сертификата, зачисление на программу дополнительного"
                " образования и оплата обучения. С данными выполняются сбор, запись, хранение, уточнение,"
                " использование, передача названным лицам, блокирование и уничтожение, в том числе автоматизированно."
                " Согласие действует до окончания обучения и расчётов по договору, но не дольше чем до"
                " восемнадцатилетия ребёнка. Согласие можно отозвать в личном кабинете портала или письменным"
                " заявлением в организацию; после отзыва данные уничтожаются в срок не более тридцати дней, если"
                " закон не требует хранить их дольше."
            ),
        ),
        Form(
            code=FormCode.SOCIAL_CERT_APPLICATION,
            title="Заявление о получении услуги по социальному сертификату",
            text=(
                "Прошу уполномоченный орган региона зачислить ребёнка на выбранную программу и оплатить обучение"
                " социальным сертификатом в соответствии с Федеральным законом № 189-ФЗ. Для этого разрешаю"
                " обрабатывать указанные в заявлении мои данные и данные ребёнка и сведения об остатке сертификата и"
                " передать их организации, реализующей программу. Мне известно, что на сумму или часы, указанные в"
                " расчёте, средства сертификата резервируются с момента подачи заявления. Заявление действует до конца"
                " срока договора. Его можно отозвать в личном кабинете до заключения договора; после заключения договор"
                " прекращается по заявлению, а неиспользованный остаток возвращается на сертификат."
            ),
        ),
        Form(
            code=FormCode.SPLIT_PAYMENT,
            title="Согласие на оплату части стоимости за счёт семьи",
            text=(
                "Я согласен оплачивать за счёт собственных средств часть стоимости обучения, указанную в расчёте как"
                " доля семьи, по договору с организацией, реализующей программу. Для заключения договора и учёта оплаты"
                " разрешаю организации и уполномоченному органу обрабатывать мои фамилию, имя, отчество, контактные"
                " данные и сведения о начислениях и платежах по этому договору. Согласие действует до исполнения или"
                " расторжения договора. Его можно отозвать в личном кабинете; отзыв не отменяет оплату уже оказанных"
                " услуг."
            ),
        ),
        Form(
            code=FormCode.PFDO_LEGACY,
            title="Заявление о включении в систему персонифицированного финансирования (прежняя форма)",
            text=(
                "Прошу включить ребёнка в систему персонифицированного финансирования дополнительного образования и"
                " разрешаю уполномоченному органу обрабатывать фамилию, имя, отчество, дату рождения и СНИЛС ребёнка и"
                " мои контактные данные в целях ведения реестра сертификатов. Согласие действует до восемнадцатилетия"
                " ребёнка и может быть отозвано письменным заявлением."
            ),
        ),
    )
}
"""Every form by its code."""


def consent(code: FormCode, version: str, given_at: datetime) -> Consent:
    """Return what is sent when a parent says yes (or withdraws it) to the form as it is shown now."""
    return Consent(
        form_code=code,
        form_version=version,
        given_at=given_at,
        channel=Channel.PORTAL,
        text_digest=TextDigest(algorithm=DigestAlgorithm.SHA_256, value=FORMS[code].digest),
    )
