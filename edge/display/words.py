"""What the appliance's own screens say, in the user's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """The languages that the screens speak."""

    KOREAN = "ko"
    ENGLISH = "en"

    @property
    def other(self) -> "Language":
        """The one that F2 goes to."""
        return Language.ENGLISH if self is Language.KOREAN else Language.KOREAN


@dataclass(frozen=True, slots=True)
class Words:
    """One language. `{seconds}`, `{desktop}`, `{user}`, `{reason}` and `{percent}` are replaced where they stand."""

    language_button: str
    """The other language's name, in itself."""
    starting: str
    enrol: str
    enrol_hint: str
    device: str
    fingerprint: str
    sign_in: str
    sign_in_hint: str
    name: str
    code: str
    submit: str
    keys: str
    locked: str
    locked_hint: str
    unlock: str
    lock: str
    switch: str
    choose: str
    choose_hint: str
    connecting: str
    steps: tuple[str, str, str]
    """Asking the broker, connecting, waiting for the first picture."""
    cancel: str
    lost: str
    retry_in: str
    retry_now: str
    sign_out: str
    updating: str
    updating_hint: str
    stopping: str
    status: str
    status_button: str
    close: str
    signing_in: str
    session_over: str
    unreachable: str
    clock_unset: str
    rows: Mapping[str, str]
    """Of the status page."""
    refusals: Mapping[str, str]
    """By the broker's word for the reason."""
    endings: Mapping[str, str]
    """By the broker's word for why it ended a session."""


KOREAN = Words(
    language_button="English (F2)",
    starting="시작하는 중입니다",
    enrol="등록되지 않은 기기입니다",
    enrol_hint="관리자에게 아래의 기기 번호와 지문을 알려 주세요",
    device="기기",
    fingerprint="지문 (SHA-256)",
    sign_in="로그인",
    sign_in_hint="이름과 인증 앱에 표시된 코드를 입력하세요",
    name="이름",
    code="인증 코드",
    submit="로그인",
    keys="Tab 다음 칸 · Enter 확인",
    locked="화면이 잠겼습니다",
    locked_hint="{user} 님이 사용 중입니다. 새 코드로 잠금을 푸세요",
    unlock="잠금 풀기",
    lock="화면 잠그기",
    switch="다른 데스크톱",
    choose="데스크톱 선택",
    choose_hint="열고 싶은 데스크톱을 고르세요",
    connecting="데스크톱에 연결하는 중입니다",
    steps=("브로커에게 연결 허가를 받습니다", "{desktop} 데스크톱에 연결합니다", "첫 화면을 받습니다"),
    cancel="취소",
    lost="연결이 끊어졌습니다",
    retry_in="{seconds}초 후에 다시 연결합니다",
    retry_now="지금 다시 연결",
    sign_out="로그아웃",
    updating="업데이트하는 중입니다",
    updating_hint="전원을 끄지 마세요. 끝나면 다시 로그인할 수 있습니다. ({percent} %)",
    stopping="종료하는 중입니다",
    status="기기 상태",
    status_button="기기 상태 (F1)",
    close="닫기",
    signing_in="로그인하는 중입니다",
    session_over="연결이 끝났습니다. 다시 로그인하세요.",
    unreachable="브로커에 연결할 수 없습니다. 잠시 후 다시 시도하세요.",
    clock_unset="기기의 시계가 아직 맞춰지지 않았습니다. 시간 서버를 기다리는 중입니다.",
    rows={
        "device": "기기",
        "network": "네트워크",
        "broker": "브로커",
        "desktop": "데스크톱",
        "received": "받은 양",
        "sent": "보낸 양",
        "exact": "정확한 부분",
        "text": "정확한 글자",
        "restoring": "복원",
        "temperature": "온도",
        "memory": "메모리",
        "version": "버전",
    },
    refusals={
        "wrong": "이름 또는 코드가 틀렸습니다. 인증 앱에 지금 표시된 코드를 입력하세요.",
        "reused": "이미 사용한 코드입니다. 다음 코드를 기다리세요.",
        "late": "지난 코드입니다. 인증 앱에 지금 표시된 코드를 입력하세요.",
        "clock": "다른 시각의 코드입니다. 휴대전화의 시계를 맞추세요. 시계가 맞으면 관리자에게 알리세요.",
        "throttled": "여러 번 틀렸습니다. {seconds}초 후에 다시 시도하세요.",
        "locked": "계정이 잠겼습니다. 관리자에게 문의하세요.",
        "no-desktop": "배정된 데스크톱이 없습니다. 관리자에게 문의하세요.",
        "desktop-failed": "데스크톱을 시작하지 못했습니다. 다시 시도하고, 또 실패하면 관리자에게 문의하세요.",
        "device-revoked": "사용이 중지된 기기입니다. 관리자에게 문의하세요.",
        "unavailable": "브로커가 로그인을 기록하지 못해 아무도 로그인할 수 없습니다. 관리자에게 알리세요.",
        "malformed": "브로커가 이 기기를 이해하지 못했습니다. 관리자에게 버전을 확인해 달라고 하세요.",
        "session-over": "로그인 시간이 끝났습니다. 다시 로그인하세요.",
    },
    endings={
        "moved": "다른 기기에서 로그인하여 데스크톱이 그곳으로 옮겨졌습니다.",
        "locked": "관리자가 계정을 잠갔습니다.",
        "assigned": "데스크톱의 배정이 바뀌었습니다. 다시 로그인하세요.",
        "stopped": "관리자가 데스크톱을 종료했습니다. 로그인하면 다시 시작됩니다.",
        "over": "로그인 시간이 끝났습니다. 다시 로그인하세요.",
    },
)

ENGLISH = Words(
    language_button="한국어 (F2)",
    starting="Starting",
    enrol="This device is not enrolled",
    enrol_hint="Tell your administrator this device's number and fingerprint",
    device="Device",
    fingerprint="Fingerprint (SHA-256)",
    sign_in="Sign in",
    sign_in_hint="Enter your name and the code that your authenticator shows",
    name="Name",
    code="Code",
    submit="Sign in",
    keys="Tab next field · Enter go on",
    locked="This screen is locked",
    locked_hint="{user} is signed in. Unlock it with a new code",
    unlock="Unlock",
    lock="Lock",
    switch="Other desktop",
    choose="Choose a desktop",
    choose_hint="Which of your desktops shall be opened?",
    connecting="Connecting to your desktop",
    steps=("Asking the broker for a ticket", "Connecting to the desktop {desktop}", "Waiting for the first picture"),
    cancel="Cancel",
    lost="The connection was lost",
    retry_in="Connecting again in {seconds} s",
    retry_now="Connect now",
    sign_out="Sign out",
    updating="Updating",
    updating_hint="Leave the power on. You can sign in again when it is done. ({percent} %)",
    stopping="Shutting down",
    status="Status of this device",
    status_button="Status (F1)",
    close="Close",
    signing_in="Signing in",
    session_over="The session is over; sign in again.",
    unreachable="The broker cannot be reached; try again in a moment.",
    clock_unset="The clock of this device is not set yet; it waits for a time server.",
    rows={
        "device": "Device",
        "network": "Network",
        "broker": "Broker",
        "desktop": "Desktop",
        "received": "Received",
        "sent": "Sent",
        "exact": "Exact picture",
        "text": "Exact text",
        "restoring": "Restoring",
        "temperature": "Temperature",
        "memory": "Memory",
        "version": "Version",
    },
    refusals={
        "wrong": "The name or the code is wrong. Type the code that your authenticator shows now.",
        "reused": "This code was used already. Wait for the next one.",
        "late": "This code has run out. Type the one that your authenticator shows now.",
        "clock": "This code belongs to another time. Set the clock of your authenticator; if it is right, tell your "
        "administrator.",
        "throttled": "Too many failed attempts. Try again in {seconds} s.",
        "locked": "This account is locked. Ask your administrator.",
        "no-desktop": "No desktop is assigned to you. Ask your administrator.",
        "desktop-failed": "Your desktop could not be started. Try again; if it fails again, ask your administrator.",
        "device-revoked": "This device was revoked. Ask your administrator.",
        "unavailable": "The broker cannot record sign-ins, so nobody is let in. Tell your administrator.",
        "malformed": "The broker did not understand this device. Ask your administrator to compare their versions.",
        "session-over": "Your time is over. Sign in again.",
    },
    endings={
        "moved": "You have signed in at another device; your desktop has moved there.",
        "locked": "Your administrator has locked this account.",
        "assigned": "Your desktops were assigned anew. Sign in again.",
        "stopped": "Your administrator has stopped this desktop. Signing in starts it again.",
        "over": "Your time is over. Sign in again.",
    },
)

WORDS = {Language.KOREAN: KOREAN, Language.ENGLISH: ENGLISH}
