"""Sentences that the benchmark's pages are made of, Korean and Latin, written for this."""

import random

KOREAN = """
오전 회의에서는 다음 분기의 예산과 인력 계획을 함께 살펴보기로 했습니다.
새로 들어온 장비는 창고에서 점검을 마친 뒤 각 지점으로 보낼 예정입니다.
비가 그치자 골목의 작은 가게들이 하나둘 문을 열고 손님을 맞았습니다.
보고서의 세 번째 표에 적힌 합계가 원본 자료와 맞지 않아 다시 계산했습니다.
도서관 이 층의 열람실은 시험 기간 동안 밤 열한 시까지 열려 있습니다.
담당자가 자리를 비운 사이에 걸려 온 전화는 모두 기록해 두어야 합니다.
강을 따라 난 길에는 자전거를 타는 사람과 걷는 사람이 나란히 지나갑니다.
계약서의 조항은 짧지만 해석에 따라 책임의 범위가 크게 달라질 수 있습니다.
할머니는 마당에 심은 고추가 올해 유난히 붉게 익었다고 말씀하셨습니다.
서버를 옮기는 작업은 사용자가 가장 적은 일요일 새벽에 진행하겠습니다.
설문에 답한 사람의 절반 이상이 글자가 더 또렷하면 좋겠다고 적었습니다.
기차는 예정보다 칠 분 늦게 도착했지만 갈아타는 데에는 문제가 없었습니다.
""".strip().splitlines()
ENGLISH = """
The committee asked for a shorter summary and for the figures of the two smaller branches.
Rain moved in from the coast before noon, and the market closed an hour earlier than planned.
Each form has to be signed twice, once by the applicant and once by the person who received it.
Her notebook listed the plants along the canal, with the week in which each of them had flowered.
A second reading of the contract showed that the delivery date depended on the customs office.
We measured the hall again, since the first drawing left out the columns near the entrance.
The old printer still works, though nobody remembers how its paper tray was meant to open.
Support will call back before Friday; please keep the serial number of the device at hand.
They walked up through the orchard and counted the trees that the storm had thrown over.
The column on the right shows what was ordered, the one beside it what has actually arrived.
""".strip().splitlines()
NAMES = [
    "김하나",
    "이두리",
    "박세찬",
    "최가온",
    "정나래",
    "한바다",
    "Ana Lindqvist",
    "Tomas Brandt",
    "Mira Okafor",
    "Elif Aydin",
]


def paragraphs(rng: random.Random, count: int) -> str:
    """Write paragraphs of either language, mixed."""
    texts = [" ".join(rng.choices(rng.choice((KOREAN, ENGLISH)), k=rng.randint(4, 8))) for _ in range(count)]
    return "".join(f"<p>{text}</p>" for text in texts)
