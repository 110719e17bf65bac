"""Third set: template-like texts whose personal data are composed, each value in one of many ways of writing.

A fixed seed gives the same records. Every name, number and address is invented.
"""

import random
import re
from collections.abc import Callable

from anonymizer.model import Identity
from tests.anonymizer.records import Record, blocks, parse, pool

_FULL = str.maketrans("0123456789-()", "０１２３４５６７８９－（）")
_KANJI = "〇一二三四五六七八九"
_AREAS = (
    "03",
    "06",
    "011",
    "022",
    "045",
    "052",
    "075",
    "078",
    "082",
    "092",
    "098",
    "0154",
    "0263",
    "0467",
    "0742",
    "0852",
    "09969",
    "04992",
)
_WORDS = ("mori", "aoba", "sora", "kaze", "tsubaki", "yuki", "hinata", "nagi", "coto", "riku", "blue", "neko")
_HOSTS = ("example.com", "example.jp", "mail.example.co.jp", "example.org", "sub.example.ne.jp", "u.example.ac.jp")


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _kanji(value: str | int) -> str:
    return "".join(_KANJI[int(char)] if char.isdigit() else char for char in str(value))


def _counted(value: int) -> str:
    """Return a number under 100 as it is spoken: 二十三."""
    tens, ones = divmod(value, 10)
    return ("" if tens == 0 else ("" if tens == 1 else _KANJI[tens]) + "十") + ("" if ones == 0 else _KANJI[ones])


def phone(rng: random.Random) -> str:
    """Return a phone number, mobile, IP or landline, in one of about forty ways."""
    if rng.random() < 0.6:
        parts = (rng.choice(("090", "080", "070", "050")), _digits(rng, 4), _digits(rng, 4))
    else:
        area = rng.choice(_AREAS)
        rest = _digits(rng, 10 - len(area))
        parts = (area, rest[: 6 - len(area)], rest[6 - len(area) :])
    a, b, c = parts
    ways = (
        f"{a}-{b}-{c}", f"{a}-{b}-{c}", f"{a}({b}){c}", f"({a}){b}-{c}", f"({a}) {b}-{c}", f"{a} {b} {c}",
        f"{a}.{b}.{c}", f"{a}・{b}・{c}", f"{a}／{b}／{c}", f"{a}‐{b}‐{c}", f"{a}–{b}–{c}", f"{a}—{b}—{c}",
        f"{a}−{b}−{c}", f"{a}ー{b}ー{c}", f"{a}ｰ{b}ｰ{c}", f"{a}―{b}―{c}", f"{a} - {b} - {c}", f"{a}- {b} -{c}",
        f"{a}-{b}-{c}".translate(_FULL), f"{a}({b}){c}".translate(_FULL), f"{a}　{b}　{c}".translate(_FULL),
        f"+81-{a[1:]}-{b}-{c}", f"+81 {a[1:]} {b} {c}", f"+81{a[1:]}{b}{c}", f"+81 (0){a[1:]}-{b}-{c}",
        f"+81 (0) {a[1:]} {b} {c}", f"81-{a[1:]}-{b}-{c}", f"0081-{a[1:]}-{b}-{c}", f"010-81-{a[1:]}-{b}-{c}",
        f"＋８１－{a[1:]}－{b}－{c}", f"{a}-{b}-{c}（内線{_digits(rng, 3)}）", f"{a}-{b}-{c} ext. {_digits(rng, 3)}",
        f"{a}-{b}{c}", f"{a}{b}-{c}", f"{a}{b}{c}", f"{a}{b}{c}".translate(_FULL), f"{a}の{b}の{c}",
        _kanji(f"{a}-{b}-{c}").replace("-", "－"), f"{a}_{b}_{c}", f"{a}~{b}~{c}", f"[{a}]{b}-{c}",
        f"{a}局{b}-{c}" if len(a) < 3 else f"{a} {b}-{c}",
    )  # fmt: skip
    value = rng.choice(ways)
    if "（内線" in value:
        head, _, tail = value.partition("（内線")
        return "{T:" + head + "}（内線" + tail
    if " ext. " in value:
        head, _, tail = value.partition(" ext. ")
        return "{T:" + head + "} ext. " + tail
    return "{T:" + value + "}"


def mail(rng: random.Random) -> str:
    """Return a mail address."""
    local = rng.choice(
        (
            "{a}.{b}", "{a}_{b}", "{a}{n}", "{a}-{b}", "{a}.{b}+job", "{a}.{b}.{n}", "{a}..{b}", "0{n}{a}", "{a}",
            "{a}%{b}", "{a}'{b}",
        )
    ).format(a=rng.choice(_WORDS), b=rng.choice(_WORDS), n=rng.randint(1, 9999))  # fmt: skip
    host = rng.choice(_HOSTS)
    dotted = host.replace(".", " [dot] ")
    return "{M:" + rng.choice(
        (
            f"{local}@{host}", f"{local}@{host}", f"{local}@{host}", f"{local}＠{host}", f"{local} @ {host}",
            f"{local}[at]{host}", f"{local}(at){host}", f"{local}（アット）{host}", f"{local}★{host}",
            f"{local}☆{host}",
            f"{local} at {host}", f"{local}[at]{dotted}", f"{local}@{host}".upper(),
            f"{local}＠{host}".replace(".", "．"),
            f"{local}_at_{host}", f"{local}<at>{host}", f"{local}■{host}", f"{local}@@{host}",
        )
    ) + "}"  # fmt: skip


def postcode(rng: random.Random) -> str:
    """Return a postcode, marked or with its caption."""
    a, b = _digits(rng, 3), _digits(rng, 4)
    return rng.choice(
        (
            f"〒{{Z:{a}-{b}}}", f"〒{{Z:{a}-{b}}}", f"〒{{Z:{(a + '-' + b).translate(_FULL)}}}", f"〒{{Z:{a}{b}}}",
            f"〒 {{Z:{a} {b}}}",
            f"郵便番号：{{Z:{a}-{b}}}", f"郵便番号 {{Z:{a}{b}}}", f"(〒){{Z:{a}-{b}}}", f"〒：{{Z:{a}−{b}}}",
            f"〶{{Z:{a}-{b}}}",
            f"郵便:{{Z:{a}ー{b}}}", f"ZIP {{Z:{a}-{b}}}", f"〒{{Z:{_kanji(a)}－{_kanji(b)}}}",
            f"Postal Code: {{Z:{a}-{b}}}",
        )
    )  # fmt: skip


_BUILDINGS = (
    "メゾン青葉203", "コーポ椿 1-B", "グランドヒルズ東海1204号室", "パークハイム 3階", "第2ひまわり荘5号",
    "サンライズビル５Ｆ",
    "県営住宅7棟301", "レジデンス凪 405", "ハイツ・ド・ミモザ 102", "市営団地12-304", "ルミエール宮前B棟 803号",
    "シャトー丘の上201号室",
    "若草寮 212号", "カーサ・ソーレ 2F", "プラウド風の杜1001", "ザ・タワー湾岸 3210", "松風マンション六〇二",
    "みどりアパート2階南",
)  # fmt: skip


def address(rng: random.Random) -> str:
    """Return an address: 条・丁目, 通り名, 大字・字, county, island, building, English order."""
    n, m, k = rng.randint(1, 9), rng.randint(1, 30), rng.randint(1, 25)
    numbers = rng.choice(
        (
            f"{n}-{m}-{k}", f"{n}丁目{m}番{k}号", f"{n}丁目{m}-{k}", f"{n}丁目{m}番地{k}",
            f"{n}－{m}－{k}".translate(_FULL),
            f"{_counted(n)}丁目{_counted(m)}番{_counted(k)}号", f"{n}の{m}の{k}", f"{n}丁目{m}番地の{k}",
            f"{n}−{m}−{k}", f"{n}ー{m}ー{k}", f"{m}-{k}", f"{m}番地",
        )
    )  # fmt: skip
    city = rng.choice(
        (
            "東京都杉並区高井戸西", "東京都八王子市みなみ野", "神奈川県横浜市都筑区荏田南", "横浜市戸塚区上倉田町",
            "大阪府堺市北区百舌鳥梅町",
            "大阪市住吉区我孫子東", "愛知県名古屋市天白区植田山", "福岡県福岡市早良区西新", "広島市安佐南区緑井",
            "さいたま市南区別所", "千葉県船橋市前貝塚町",
            "兵庫県西宮市甲子園口", "仙台市泉区八乙女中央", "岡山県倉敷市児島味野", "熊本市東区健軍", "つくば市竹園",
            "埼玉県ふじみ野市大井中央", "静岡県浜松市中央区住吉",
        )
    )  # fmt: skip
    rural = rng.choice(
        (
            f"長野県北安曇郡池田町大字会染{m * 37}番地", f"群馬県吾妻郡中之条町大字伊勢町{m * 21}-{k}",
            f"青森県弘前市大字土手町{m}", f"福島県郡山市田村町金屋字下夕川原{m}番地の{k}",
            f"岩手県紫波郡矢巾町大字南矢幅第{n}地割{m}番地{k}", f"宮城県石巻市渡波字栄田{m}-{k}",
            f"秋田県横手市平鹿町浅舞字浅舞{m * 9}", f"新潟県南魚沼市六日町{m * 31}番地{k}",
            f"鹿児島県大島郡瀬戸内町古仁屋{m * 11}-{k}", f"沖縄県宮古島市平良字西里{m * 13}",
            f"長崎県対馬市厳原町国分{m * 17}番地", f"東京都八丈島八丈町大賀郷{m * 41}-{k}",
            f"島根県隠岐郡隠岐の島町港町塩口{m}-{k}", f"石川県金沢市尾山町イ{m}番地{k}",
            f"愛媛県松山市湊町{n}丁目{m}の{k}", f"佐賀県唐津市鎮西町名護屋{m * 19}番地{k}",
            f"茨城県那珂市後台{m * 23}-{k}",
        )
    )  # fmt: skip
    north = rng.choice(
        (
            f"札幌市中央区南{n}条西{k}丁目{m}-{k}", f"北海道札幌市北区北{_counted(n)}条西{_counted(k)}丁目",
            f"北海道旭川市{n}条通{k}丁目{m}番地", f"帯広市西{n}条南{k}丁目{m}番地{n}",
            f"札幌市白石区本通{n}丁目北{m}-{k}", f"北海道虻田郡倶知安町北{n}条西{n}丁目{m}",
            f"札幌市東区北{k}条東{n}丁目{m}番{n}号", f"北海道岩見沢市{n}条西{k}丁目{m}-{n}",
            f"北海道標津郡中標津町東{n}条北{n}丁目",
        )
    )  # fmt: skip
    kyoto = rng.choice(
        (
            f"京都市中京区寺町通御池上る上本能寺前町{m * 16}", f"京都府京都市下京区四条通烏丸東入長刀鉾町{m}番地",
            f"京都市上京区今出川通室町西入堀出シ町{m * 10}", f"京都市東山区大和大路通四条下る{n}丁目小松町{m}-{k}",
            f"京都市中京区烏丸通二条下ル秋野々町{m * 17}", f"京都市左京区下鴨西高木町{m}",
        )
    )  # fmt: skip
    english = rng.choice(
        (
            f"{n}-{m}-{k} Takaido-nishi, Suginami-ku, Tokyo 168-0071",
            f"Room 203, Maison Aoba, {n}-{m}-{k} Nishijin, Sawara-ku, Fukuoka",
            f"#{m}0{n} Sunrise Heights, {n}-{m} Eda-minami, Tsuzuki-ku, Yokohama, Kanagawa, Japan",
            f"{m * 4} Maple Grove Lane, Springvale, VIC 3171", f"{m}B Larkspur Road, Leeds LS6 {n}QP",
            f"{m * 31} Juniper Avenue, Apt {n}C, Portland, OR 97214", f"Apt. {k}, {m * 7} Rue des Lilas, 69003 Lyon",
            f"{n} chome {m}-{k} Nakagawa, Naka-ku, Nagoya-shi, Aichi",
        )
    )  # fmt: skip
    building = rng.choice(("", "", " ", "　", "\n　　　　　", "、")).replace("\n　　　　　", "　")
    house = building + rng.choice(_BUILDINGS) if building else ""
    return (
        "{A:"
        + rng.choice((city + numbers + house, city + numbers + house, rural, north + house, kyoto + house, english))
        + "}"
    )


def birth(rng: random.Random) -> str:
    """Return a date of birth, the caption is the template's."""
    year, month, day = rng.randint(1962, 2004), rng.randint(1, 12), rng.randint(1, 28)
    era, letter, count = ("昭和", "S", year - 1925) if year < 1989 else ("平成", "H", year - 1988)
    short = era[0]
    months = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December")  # fmt: skip
    name = months[month - 1]
    return "{B:" + rng.choice(
        (
            f"{year}年{month}月{day}日", f"{year}/{month:02}/{day:02}", f"{year}-{month:02}-{day:02}",
            f"{year}.{month}.{day}", f"{year}{month:02}{day:02}", f"{era}{count}年{month}月{day}日",
            f"{letter}{count}.{month}.{day}", f"{letter}{count}/{month}/{day}",
            f"{letter}{count:02}{month:02}{day:02}", f"{short}{count}.{month}.{day}",
            f"{short}{count}年{month}月{day}日", f"{era}{_counted(count)}年{_counted(month)}月{_counted(day)}日",
            f"{_kanji(year)}年{_counted(month)}月{_counted(day)}日", f"{era}{count}年({year}年){month}月{day}日",
            f"{year}年({era}{count}年){month}月{day}日", f"{year} 年 {month} 月 {day} 日",
            f"{year}年{month}月{day}日".translate(_FULL), f"'{year % 100:02}/{month}/{day}",
            f"{letter}{count}年{month}月{day}日", f"西暦{year}年{month}月{day}日", f"{name} {day}, {year}",
            f"{day} {name[:3]} {year}", f"{name[:3]}. {day}, {year}", f"{month}/{day}/{year}",
            f"{day}.{month}.{year}", f"{era}{count}・{month}・{day}", f"{year}／{month}／{day}",
            f"㍼{count}年{month}月{day}日" if letter == "S" else f"㍻{count}年{month}月{day}日",
        )
    ) + "}"  # fmt: skip


def bank(rng: random.Random) -> str:
    """Return a bank account in one of the styles of a form or a mail."""
    n = _digits(rng, 7)
    name = rng.choice(
        (
            "みずほ銀行",
            "三井住友銀行",
            "三菱UFJ銀行",
            "りそな銀行",
            "楽天銀行",
            "横浜銀行",
            "西武信用金庫",
            "城南信金",
            "JAきたみらい",
            "PayPay銀行",
            "北洋銀行",
            "住信SBIネット銀行",
        )
    )
    branch = rng.choice(
        (
            "渋谷支店",
            "本店営業部",
            "第一営業支店",
            "高円寺支店",
            "ビジネス営業部",
            "札幌駅前支店",
            "はやぶさ支店",
            "002支店",
        )
    )
    return rng.choice(
        (
            f"{{N:{name} {branch} 普通 {n}}}", f"{{N:{name}{branch}（普通）{n}}}",
            f"{{N:{name}／{branch}／普通／{n}}}", f"{{N:{name}　{branch}　普通預金　口座番号{n}}}",
            f"{{N:{name}（0005）{branch}（123）普通 {n}}}",
            f"{{N:{name} {branch} (普) {n}}}", f"{{N:{name} {branch} 当座 {n.translate(_FULL)}}}",
            f"{{N:{name}{branch} 普通No.{n}}}", f"{{N:ゆうちょ銀行 記号1{_digits(rng, 4)} 番号{_digits(rng, 7)}1}}",
            f"{{N:ゆうちょ 1{_digits(rng, 4)}-{_digits(rng, 7)}1}}",
            f"{{N:ゆうちょ銀行 〇一八店 普通 {n}}}", f"{{N:{name} {branch} 口座番号：{n}}}",
            f"{{N:{name}・{branch}・普通・{n}}}",
            f"{{N:{name.removesuffix('銀行')} {branch.removesuffix('支店')} 普通 {n}}}",
            f"銀行名：{{N:{name}}}　支店名：{{N:{branch}}}　種別：普通　口座番号：{{N:{n}}}", f"口座番号：{{N:{n}}}",
            f"{{N:Mizuho Bank, Shibuya Branch, savings, {n}}}",
        )
    )  # fmt: skip


def _check(digits: str, weights: str) -> int:
    rest = sum(int(digit) * int(weight) for digit, weight in zip(digits, weights, strict=True)) % 11
    return 0 if rest <= 1 else 11 - rest


def number(rng: random.Random) -> str:
    """Return a captioned personal number."""
    eleven = _digits(rng, 11)
    mine = eleven + str(_check(eleven, "65432765432"))
    licence = str(rng.randint(10, 47)) + _digits(rng, 8)
    licence += str(_check(licence, "5432765432")) + rng.choice("0012")
    letters = "".join(rng.choice("ABEGHKLMNRSTUWXZ") for _ in range(4))
    grouped = f"{mine[:4]}{rng.choice('- 　')}{mine[4:8]}{rng.choice('- ')}{mine[8:]}"
    colon = rng.choice(("：", ":", " ", "　", "は", "：", " = ", "→"))
    caption, value = rng.choice(
        (
            ("マイナンバー", mine), ("個人番号", grouped), ("マイナンバー（個人番号）", mine.translate(_FULL)),
            ("運転免許証番号", licence), ("免許証番号", f"第{licence}号"), ("免許No.", licence),
            ("旅券番号", letters[:2] + _digits(rng, 7)), ("パスポートNo.", f"{letters[:2]} {_digits(rng, 7)}"),
            ("Passport No", letters[:2] + _digits(rng, 7)), ("パスポート", letters[:2] + _digits(rng, 7)),
            ("在留カード番号", letters[:2] + _digits(rng, 8) + letters[2:]),
            ("在留カードNo.", f"{letters[:2]} {_digits(rng, 8)} {letters[2:]}"),
            ("社員番号", _digits(rng, 6)), ("社員No.", letters[0] + _digits(rng, 5)),
            ("社員ID", f"{letters[:2]}-{_digits(rng, 4)}"), ("職員番号", f"{_digits(rng, 3)}-{_digits(rng, 4)}"),
            ("従業員コード", letters[:2].lower() + _digits(rng, 5)),
            ("学籍番号", f"{_digits(rng, 2)}{letters[0]}{_digits(rng, 4)}"),
            ("受験番号", f"{letters[0]}{_digits(rng, 4)}"), ("会員番号", f"{_digits(rng, 4)} {_digits(rng, 4)}"),
            ("基礎年金番号", f"{_digits(rng, 4)}-{_digits(rng, 6)}"),
            ("年金手帳の番号", f"{_digits(rng, 4)}-{_digits(rng, 6)}"),
            ("雇用保険被保険者番号", f"{_digits(rng, 4)}-{_digits(rng, 6)}-{_digits(rng, 1)}"),
            ("健康保険証 記号・番号", f"{_digits(rng, 5)}・{_digits(rng, 3)}"),
            ("保険者番号", _digits(rng, 8)), ("Employee ID", f"E{_digits(rng, 5)}"),
            ("Employee No.", _digits(rng, 6)),
            ("SSN", f"{rng.randint(100, 665)}-{rng.randint(10, 99)}-{_digits(rng, 4)}"),
            ("Student ID", f"{letters[0]}{_digits(rng, 7)}"), ("Driver's licence", letters[0] + _digits(rng, 7)),
            ("住民票コード", _digits(rng, 11)), ("クレジットカード", "4111 1111 1111 1111"),
        )
    )  # fmt: skip
    return f"{caption}{colon}{{I:{value}}}"


_MAKERS: dict[str, Callable[[random.Random], str]] = {
    "T": phone, "M": mail, "Z": postcode, "A": address, "B": birth, "N": bank, "I": number,
}  # fmt: skip


def _person(rng: random.Random, lang: str) -> dict[str, str]:
    if lang == "en" or rng.random() < 0.12:
        full, kana = rng.choice(pool("foreign", "third/")).split("|")
        parts = full.split()
        shown = full if lang == "en" else rng.choice((full, kana))
        if lang != "en" and shown == kana:
            pieces = kana.split("・")
            return {"": kana, "f": pieces[-1], "g": pieces[0], "k": kana, "r": full}
        return {"": full, "f": parts[-1], "g": parts[0], "k": full if lang == "en" else kana, "r": full}
    family, family_kana, family_latin = rng.choice(pool("families", "third/")).split()
    given, given_kana, given_latin = rng.choice(pool("givens", "third/")).split()
    latin = rng.choice(
        (
            f"{given_latin} {family_latin}",
            f"{family_latin.upper()} {given_latin}",
            f"{family_latin}, {given_latin}",
            f"{given_latin} {family_latin.upper()}",
        )
    )
    kana = rng.choice((" ", "　", "", "・")).join((family_kana, given_kana))
    return {"": family + rng.choice((" ", "", "", "　")) + given, "f": family, "g": given, "k": kana, "r": latin}


def _fill(marked: str, lang: str, rng: random.Random) -> tuple[str, tuple[Identity, ...]]:
    people = {str(n): _person(rng, lang) for n in (1, 2, 3)}
    used = sorted({match.group(1) for match in re.finditer(r"\{P([123])", marked)})

    def slot(match: re.Match[str]) -> str:
        name = match.group(1)
        if name[0] == "P":
            return "{P:" + people[name[1]][name[2:]] + "}"
        if name in _MAKERS:
            return _MAKERS[name](rng)
        return (
            "{"
            + name[0]
            + ":"
            + rng.choice((lang == "en" and pool(name + "en", "third/")) or pool(name, "third/"))
            + "}"
        )

    text = re.sub(r"\{([A-Z][0-9]?[fgkr]?)\}", slot, marked)
    known = tuple(
        Identity(name=people[n][""], kana="" if lang == "en" else people[n]["k"], romaji=people[n]["r"]) for n in used
    )
    return text, known


def composed(seed: int, rounds: int) -> list[Record]:
    """Fill every template of ``data/third`` ``rounds`` times."""
    rng = random.Random(seed)
    out: list[Record] = []
    for turn in range(rounds):
        for index, (lang, marked) in enumerate(blocks("third/templates.txt")):
            filled, known = _fill(marked, lang, rng)
            out.append(Record(f"W{index}-{turn}", "A", lang, *parse(filled), known))
    return out
