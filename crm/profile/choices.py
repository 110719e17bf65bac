"""The lists a candidate chooses from: code -> label. Codes are stored; labels are shown in ja or en."""

from collections.abc import Mapping

from core.lang import Lang

Choices = Mapping[str, Mapping[Lang, str]]


def _choices(*rows: tuple[str, str, str]) -> Choices:
    return {code: {"ja": ja, "en": en} for code, ja, en in rows}


# JIS X 0401 prefecture codes.
PREFECTURES = _choices(
    ("01", "北海道", "Hokkaido"),
    ("02", "青森県", "Aomori"),
    ("03", "岩手県", "Iwate"),
    ("04", "宮城県", "Miyagi"),
    ("05", "秋田県", "Akita"),
    ("06", "山形県", "Yamagata"),
    ("07", "福島県", "Fukushima"),
    ("08", "茨城県", "Ibaraki"),
    ("09", "栃木県", "Tochigi"),
    ("10", "群馬県", "Gunma"),
    ("11", "埼玉県", "Saitama"),
    ("12", "千葉県", "Chiba"),
    ("13", "東京都", "Tokyo"),
    ("14", "神奈川県", "Kanagawa"),
    ("15", "新潟県", "Niigata"),
    ("16", "富山県", "Toyama"),
    ("17", "石川県", "Ishikawa"),
    ("18", "福井県", "Fukui"),
    ("19", "山梨県", "Yamanashi"),
    ("20", "長野県", "Nagano"),
    ("21", "岐阜県", "Gifu"),
    ("22", "静岡県", "Shizuoka"),
    ("23", "愛知県", "Aichi"),
    ("24", "三重県", "Mie"),
    ("25", "滋賀県", "Shiga"),
    ("26", "京都府", "Kyoto"),
    ("27", "大阪府", "Osaka"),
    ("28", "兵庫県", "Hyogo"),
    ("29", "奈良県", "Nara"),
    ("30", "和歌山県", "Wakayama"),
    ("31", "鳥取県", "Tottori"),
    ("32", "島根県", "Shimane"),
    ("33", "岡山県", "Okayama"),
    ("34", "広島県", "Hiroshima"),
    ("35", "山口県", "Yamaguchi"),
    ("36", "徳島県", "Tokushima"),
    ("37", "香川県", "Kagawa"),
    ("38", "愛媛県", "Ehime"),
    ("39", "高知県", "Kochi"),
    ("40", "福岡県", "Fukuoka"),
    ("41", "佐賀県", "Saga"),
    ("42", "長崎県", "Nagasaki"),
    ("43", "熊本県", "Kumamoto"),
    ("44", "大分県", "Oita"),
    ("45", "宮崎県", "Miyazaki"),
    ("46", "鹿児島県", "Kagoshima"),
    ("47", "沖縄県", "Okinawa"),
    ("overseas", "海外", "Outside Japan"),
)
EDUCATION = _choices(
    ("junior_high", "中学校卒", "Junior high school"),
    ("high_school", "高等学校卒", "High school"),
    ("vocational", "専門学校卒", "Vocational school"),
    ("college", "高専・短期大学卒", "Technical or junior college"),
    ("bachelor", "大学卒", "Bachelor's degree"),
    ("master", "大学院修士課程修了", "Master's degree"),
    ("doctor", "大学院博士課程修了", "Doctorate"),
)
EMPLOYMENT = _choices(
    ("permanent", "正社員", "Permanent employee"),
    ("contract", "契約社員", "Fixed-term employee"),
    ("temporary", "派遣社員", "Temporary agency work"),
    ("part_time", "パート・アルバイト", "Part-time"),
    ("freelance", "業務委託", "Freelance contract"),
    ("any", "こだわらない", "No preference"),
)
# Wanted yearly pay in units of 10,000 yen: bands, because an exact figure is a singular description.
SALARY_BANDS = _choices(
    ("under_300", "300万円未満", "Under 3 million yen"),
    ("300_400", "300万~400万円", "3 to 4 million yen"),
    ("400_500", "400万~500万円", "4 to 5 million yen"),
    ("500_600", "500万~600万円", "5 to 6 million yen"),
    ("600_800", "600万~800万円", "6 to 8 million yen"),
    ("800_1000", "800万~1,000万円", "8 to 10 million yen"),
    ("over_1000", "1,000万円以上", "10 million yen or more"),
    ("open", "相談したい", "To be discussed"),
)
AVAILABLE = _choices(
    ("now", "すぐに", "At once"),
    ("1_month", "1か月以内", "Within 1 month"),
    ("3_months", "3か月以内", "Within 3 months"),
    ("6_months", "6か月以内", "Within 6 months"),
    ("later", "時期は未定", "Not decided yet"),
)
LANGUAGES = _choices(
    ("ja", "日本語", "Japanese"),
    ("en", "英語", "English"),
    ("zh", "中国語", "Chinese"),
    ("ko", "韓国語", "Korean"),
    ("vi", "ベトナム語", "Vietnamese"),
    ("other", "その他の言語", "Another language"),
)
LANGUAGE_LEVELS = _choices(
    ("native", "母語", "Native"),
    ("business", "ビジネスレベル", "Business"),
    ("daily", "日常会話レベル", "Everyday"),
)


def label(choices: Choices, code: str, lang: Lang) -> str:
    """Return the label of a code; an unknown code is shown as it is."""
    found = choices.get(code)
    return found[lang] if found else code


# Names of what may be handed over, as consent texts, mails and provision records print them.
ITEMS = _choices(
    ("wanted_job", "希望職種", "Wanted job"),
    ("prefecture", "希望勤務地", "Place of work"),
    ("years", "経験年数", "Years of experience"),
    ("skills", "スキル", "Skills"),
    ("education", "学歴区分", "Education level"),
    ("employment", "希望雇用形態", "Employment type"),
    ("salary_band", "希望年収帯", "Salary band"),
    ("available", "就業可能時期", "Available from"),
    ("languages", "語学", "Languages"),
    ("summary", "職務の要約", "Summary of your work"),
    ("name", "氏名", "Name"),
    ("phone", "電話番号", "Phone"),
    ("mail", "メールアドレス", "Mail address"),
    ("registered_on", "登録日", "Date of registration"),
    ("application", "応募の記録", "Record of the application"),
    ("outcome", "紹介後の経過", "How it went after the introduction"),
)
