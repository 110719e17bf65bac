"""Labels of a statement, in both languages, and its numbers in the order in which they are read. Pure."""

from typing import NamedTuple

from core.bundle import fingerprint
from core.lang import Lang
from crm import wording
from crm.slots.statements import Statement
from ledger.reservations import SlotState


class Item(NamedTuple):
    """``key`` is for programs and never changes."""

    key: str
    label: str
    value: str | int


_PROOF_JA = (
    "この明細書を保管しておくと、ここまでの記帳がその後に書き換えられていないことを、あとから確かめられます。"
    "確かめるには careerrelay ledger verify --statement に、同じ内容のCSVを渡してください。"
    "公開鍵の指紋は、この書面とは別の経路で運営者に確かめてください。"
)
_PROOF_EN = (
    "Keep this statement: it proves later that no entry up to here was changed. To check, give the CSV that came with "
    "it to careerrelay ledger verify --statement. Ask the operator for the fingerprint of the key on another way."
)
_LABELS: dict[str, tuple[str, str]] = {
    "company": ("導入企業", "Company"),
    "agency": ("人材紹介会社", "Agency"),
    "licence_no": ("許可番号", "Licence number"),
    "programme": ("台帳番号", "Book"),
    "first_day": ("期間の始め", "First day"),
    "last_day": ("期間の終わり", "Last day"),
    "opening": ("期首のカウント", "Credits at the beginning"),
    "earned": ("増えたカウント", "Earned"),
    "reversed": ("取り消し", "Taken back"),
    "adjusted": ("調整", "Adjusted"),
    "moved_to_slots": ("枠に充てたカウント", "Moved to slots"),
    "closing": ("期末のカウント", "Credits at the end"),
    "price": ("1枠あたりのカウント", "Credits a slot"),
    "to_next_slot": ("次の枠まで", "To the next slot"),
    "slots_granted": ("この月に増えた枠", "Slots granted in the month"),
    "slots_reserved_in_month": ("この月に確保した枠", "Slots reserved in the month"),
    "slots_used_in_month": ("この月に使用した枠", "Slots used in the month"),
    "slots_released_in_month": ("この月に戻した枠", "Slots given back in the month"),
    "slots_free": ("期末に使える枠", "Slots free at the end"),
    "slots_reserved": ("期末に確保中の枠", "Slots reserved at the end"),
    "slots_used": ("これまでに使用した枠", "Slots used so far"),
    "last_seq": ("最後の記帳番号", "Last entry"),
    "head": ("記帳ハッシュ", "Hash of the last entry"),
    "head_at": ("署名の時点(UTC)", "Signed as of (UTC)"),
    "public_key": ("公開鍵(Ed25519)", "Public key (Ed25519)"),
    "fingerprint": ("公開鍵の指紋(SHA-256)", "Fingerprint of the key (SHA-256)"),
    "signature": ("署名", "Signature"),
}
_STATES: dict[SlotState, tuple[str, str]] = {
    SlotState.RESERVED: ("確保中", "reserved"),
    SlotState.REDEEMED: ("使用", "used"),
    SlotState.RELEASED: ("返却", "given back"),
}
_TITLES: dict[str, tuple[str, str]] = {
    "title": ("紹介枠台帳 月次明細書", "Slot ledger: monthly statement"),
    "credits": ("カウントの増減", "Credits"),
    "slots": ("無料紹介枠", "Free introduction slots"),
    "slot_list": ("この月に動いた枠と確保中の枠", "Slots that moved, and those reserved"),
    "need": ("使いみち", "Need"),
    "state": ("状態", "State"),
    "reserved_on": ("確保した日", "Reserved on"),
    "settled_on": ("使用・返却の日", "Used or given back on"),
    "none": ("ありません", "None"),
    "proof": ("記帳の証明", "Proof"),
    "proof_words": (_PROOF_JA, _PROOF_EN),
    "no_person": ("この明細書に、個人に関する情報は含まれません。", "This statement holds nothing about any person."),
}


def word(key: str, lang: Lang) -> str:
    """A heading."""
    return _TITLES[key][lang == "en"]


def state_word(state: SlotState, lang: Lang) -> str:
    """What became of a slot."""
    return _STATES[state][lang == "en"]


def parties(one: Statement, lang: Lang) -> list[Item]:
    """Whose statement it is, and of which days."""
    values: dict[str, str | int] = {
        "company": one.company,
        "agency": one.agency,
        "licence_no": one.licence_no,
        "programme": one.programme_id,
        "first_day": one.first_day.isoformat(),
        "last_day": one.last_day.isoformat(),
    }
    return _items(values, lang)


def credits(one: Statement, lang: Lang) -> list[Item]:  # noqa: A001 - the unit of the book
    """From the opening to the closing balance: opening + earned - reversed + adjusted - moved_to_slots = closing."""
    values: dict[str, str | int] = {
        "opening": one.opening.available,
        "earned": one.month.earned,
        "reversed": one.month.reversed,
        "adjusted": one.month.adjusted,
        "moved_to_slots": one.month.moved_to_slots,
        "closing": one.closing.available,
        "price": one.closing.price,
        "to_next_slot": one.closing.to_next_slot,
    }
    return _items(values, lang)


def slots(one: Statement, lang: Lang) -> list[Item]:
    """What the month did with slots, and where they stand at its end."""
    values: dict[str, str | int] = {
        "slots_granted": one.granted,
        "slots_reserved_in_month": one.month.reserved,
        "slots_used_in_month": one.month.used,
        "slots_released_in_month": one.month.released,
        "slots_free": one.closing.slots_free,
        "slots_reserved": one.closing.slots_reserved,
        "slots_used": one.closing.slots_used,
    }
    return _items(values, lang)


def proof(one: Statement, lang: Lang) -> list[Item]:
    """The signed head."""
    values: dict[str, str | int] = {
        "last_seq": one.head.seq,
        "head": one.head.head,
        "head_at": one.head.at,
        "public_key": one.head.public_key,
        "fingerprint": fingerprint(bytes.fromhex(one.head.public_key)),
        "signature": one.head.signature.hex(),
    }
    return _items(values, lang)


def month_words(one: Statement, lang: Lang) -> str:
    """2026年10月, October 2026."""
    return wording.month(one.first_day, lang)


def _items(values: dict[str, str | int], lang: Lang) -> list[Item]:
    return [Item(key, _LABELS[key][lang == "en"], value) for key, value in values.items()]
