"""What hypothesis draws for the exchange's envelopes: values that a version can say whole."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from socert.contracts.smev.attachments import (
    ArchivedFile,
    AttachmentContent,
    AttachmentHeader,
    RefAttachmentHeader,
    StoredFile,
)
from socert.contracts.smev.faults import Fault, FaultKind, ValidationError
from socert.contracts.smev.metadata import Metadata
from socert.contracts.smev.routing import (
    RecordRouting,
    RecordStatus,
    Routing,
    RoutingCode,
    RoutingStatus,
    ValueStatus,
)
from socert.contracts.smev.status import (
    AsyncStatus,
    BusinessStatus,
    InteractionStatus,
    InteractionType,
    MessageCategory,
    RejectCode,
    Rejection,
    nearest,
)
from socert.contracts.smev.version import Version

ID = "b077cd84-3959-11f1-b8b2-0242333cce59"
OTHER = "d790b1bd-395a-11f1-b8b2-0242333cce59"
UUIDS = st.uuids().map(str)

_CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")


def texts(longest: int = 40) -> st.SearchStrategy[str]:
    """Any text, also hostile; blank text alone means nothing to the exchange and is dropped by its transform."""
    hostile = st.sampled_from("\t\n\r<>&\"']")
    return st.text(_CHARACTERS | hostile, max_size=longest).filter(lambda it: not it or bool(it.strip("\t\n\r ")))


MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
NAMES = st.from_regex(r"[a-z_][a-z0-9_.\-]{0,8}", fullmatch=True)
MIMES = st.from_regex(r"(text|image|audio|video|application)/[a-z0-9\-+.]{0,9}", fullmatch=True)
BYTES = st.binary(max_size=60)
NUMBERS = st.integers(-(2**31), 2**31 - 1)


def _archives(version: Version) -> st.SearchStrategy[tuple[ArchivedFile, ...]]:
    if version is not Version.V1_3:
        return st.just(())
    return st.lists(st.builds(ArchivedFile, name=texts(), namespace_uri=texts()), max_size=2).map(tuple)


def _since_1_3(version: Version) -> st.SearchStrategy[str | None]:
    return st.none() | texts() if version is Version.V1_3 else st.none()


def headers(version: Version) -> st.SearchStrategy[tuple[AttachmentHeader, ...]]:
    """Headers of attachments inside the message."""
    one = st.builds(
        AttachmentHeader,
        content_id=NAMES,
        mime_type=MIMES,
        signature=BYTES,
        namespace_uri=_since_1_3(version),
        archive=_archives(version),
    )
    return st.lists(one, max_size=2).map(tuple)


def references(version: Version) -> st.SearchStrategy[tuple[RefAttachmentHeader, ...]]:
    """Headers of files in the file store."""
    one = st.builds(
        RefAttachmentHeader,
        uuid=texts(),
        hash=BYTES,
        mime_type=MIMES,
        signature=BYTES,
        file_name=_since_1_3(version),
        namespace_uri=_since_1_3(version),
        archive=_archives(version),
    )
    return st.lists(one, max_size=2).map(tuple)


CONTENTS = st.lists(
    st.builds(AttachmentContent, id=NAMES, content=BYTES), max_size=2, unique_by=lambda one: one.id
).map(tuple)
STORED = st.lists(
    st.builds(StoredFile, uuid=texts(), user_name=texts(), password=texts(), file_name=texts()), max_size=2
).map(tuple)

_VALUES = st.lists(texts(), max_size=2).map(tuple)
_RECORDS = st.builds(RecordRouting, record_id=NUMBERS, general=st.booleans(), dynamic=_VALUES, identifiers=_VALUES)
ROUTINGS = st.builds(
    Routing,
    message_id=st.just(ID),
    dynamic=_VALUES,
    identifiers=_VALUES,
    records=st.lists(_RECORDS, max_size=2).map(tuple),
)

_CODES = st.sampled_from(RoutingCode)
_VALUE_STATUSES = st.lists(st.builds(ValueStatus, value=texts(), code=_CODES), max_size=2).map(tuple)
ROUTING_STATUSES = st.builds(
    RoutingStatus,
    dynamic=_VALUE_STATUSES,
    identifiers=_VALUE_STATUSES,
    records=st.lists(
        st.builds(RecordStatus, record_id=NUMBERS, code=_CODES, dynamic=_VALUE_STATUSES, identifiers=_VALUE_STATUSES),
        max_size=2,
    ).map(tuple),
)

REJECTIONS = st.lists(
    st.builds(Rejection, code=st.sampled_from(RejectCode), description=texts()), min_size=1, max_size=3
).map(tuple)
STATUSES = st.builds(
    BusinessStatus,
    code=NUMBERS,
    description=texts(),
    parameters=st.lists(st.tuples(texts(), texts()), max_size=3).map(tuple),
)


def requests(version: Version) -> st.SearchStrategy[dict[str, Any]]:
    """What `send_request` may be given beside its content."""
    fields: dict[str, st.SearchStrategy[Any]] = {
        "reference_message_id": st.none() | UUIDS,
        "transaction_code": st.none() | texts(),
        "node_id": st.none() | texts(),
        "end_of_life": st.none() | MOMENTS,
        "attachments": headers(version),
        "files": references(version),
        "contents": CONTENTS,
        "test": st.booleans(),
    }
    if version is Version.V1_3:
        fields["routing"] = st.none() | ROUTINGS
    return st.fixed_dictionaries(fields)


CATEGORIES = {
    version: tuple(one for one in MessageCategory if version is Version.V1_1 or one is not MessageCategory.CANCEL)
    for version in Version
}


def metadata(version: Version) -> st.SearchStrategy[Metadata]:
    """Metadata that a version can say whole."""
    named = st.none() if version is Version.V1_2 else texts()
    oldest = version is Version.V1_1
    return st.sampled_from(CATEGORIES[version]).flatmap(
        lambda category: st.builds(
            Metadata,
            message_id=st.none() | UUIDS,
            message_type=st.just(category),
            sent_at=MOMENTS,
            sender=texts(),
            recipient=texts(),
            delivered_at=st.none() | MOMENTS,
            status=st.none() | statuses(version, category),
            sender_name=named,
            recipient_name=named,
            broker=st.none() | texts() if oldest else st.none(),
            destination=texts().filter(bool) if oldest else st.none(),
            content_type=st.none() | texts() if oldest else st.none(),
            interaction=st.sampled_from(InteractionType) if oldest else st.none(),
        )
    )


def statuses(version: Version, category: MessageCategory) -> st.SearchStrategy[InteractionStatus]:
    """Statuses that a version has a word for."""
    return st.sampled_from([one for one in InteractionStatus if nearest(one, version, category) is one])


def verdicts(version: Version) -> st.SearchStrategy[AsyncStatus]:
    """Verdicts of the exchange that a version can say whole."""
    details = texts()
    return details.flatmap(
        lambda said: st.builds(
            AsyncStatus,
            original_message_id=UUIDS,
            category=statuses(version, MessageCategory.RESPONSE),
            details=st.just(said),
            fault=st.none()
            | st.builds(
                Fault,
                kind=st.just(FaultKind.INVALID_CONTENT),
                text=st.just(said),
                code=texts(),
                description=texts(),
                errors=st.lists(st.builds(ValidationError, text=texts(), position=NUMBERS), min_size=1, max_size=2).map(
                    tuple
                ),
            ),
            routing=st.none() | ROUTING_STATUSES if version is Version.V1_3 else st.none(),
        )
    )
