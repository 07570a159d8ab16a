"""What the screens before the desktop say, in the user's language."""

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """The languages that the screens speak."""

    KOREAN = "ko"
    ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """One language. `{seconds}`, `{desktop}` and `{reason}` are replaced where they stand."""

    starting: str
    sign_in: str
    sign_in_hint: str
    name: str
    code: str
    enter: str
    connecting: str
    lost: str
    retry_in: str
    retry_now: str
    error: str
    signing_in: str
    to_desktop: str
    sign_in_again: str


WORDS = {
    Language.KOREAN: Words(
        starting="시작하는 중입니다",
        sign_in="로그인",
        sign_in_hint="이름과 인증 앱에 표시된 코드를 입력하세요",
        name="이름",
        code="인증 코드",
        enter="Tab 다음 칸 · Enter 로그인",
        connecting="데스크톱에 연결하는 중입니다",
        lost="연결이 끊어졌습니다",
        retry_in="{seconds}초 후에 다시 연결합니다",
        retry_now="다시 연결하는 중입니다",
        error="계속할 수 없습니다",
        signing_in="로그인하는 중입니다",
        to_desktop="{desktop} 데스크톱을 여는 중입니다",
        sign_in_again="데스크톱 연결이 끊어졌습니다. 다시 로그인하세요. ({reason})",
    ),
    Language.ENGLISH: Words(
        starting="Starting",
        sign_in="Sign in",
        sign_in_hint="Enter your name and the code that your authenticator app shows",
        name="Name",
        code="Code",
        enter="Tab next field · Enter sign in",
        connecting="Connecting to your desktop",
        lost="The connection was lost",
        retry_in="Connecting again in {seconds} s",
        retry_now="Connecting again",
        error="This cannot go on",
        signing_in="Signing in",
        to_desktop="Opening the desktop {desktop}",
        sign_in_again="The desktop was lost; sign in again. ({reason})",
    ),
}
