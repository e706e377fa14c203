"""Tells people, through Home Assistant's repairs, what they must act on; and takes it back."""

from datetime import datetime, timedelta
from typing import Final

from homeassistant.components import mqtt
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval

from .api import ApiError, ApiVersionError
from .const import DOMAIN, LOGGER, CameraStatus
from .data import OmnicamConfigEntry
from .health import NodeHealth
from .hub import OmnicamHub
from .problems import UNSUPPORTED_CONTRACT, Problem, Situation, find_problems

_EVERY: Final = timedelta(minutes=1)
_ASK_EVERY: Final = 5
"""Minutes between two questions for the node's health, which is of no hurry."""

_DOCUMENTATION: Final = (
    "https://github.com/omnicam/omnicam/blob/main/docs/home-assistant.md#repairs"
)


class ProblemWatch:
    """Looks at one node every minute. A problem that lasts as long as its kind asks is an issue.

    It counts its looks and not the clock, so that a clock that is set does not raise an alarm.
    """

    def __init__(self, hass: HomeAssistant, entry: OmnicamConfigEntry, hub: OmnicamHub) -> None:
        """Take the node; `async_start` begins."""
        self._hass = hass
        self._entry = entry
        self._hub = hub
        self._looks = 0
        self._lasting: dict[str, int] = {}
        self._raised: set[str] = set()
        self._health: NodeHealth | None = None
        self._cancel: CALLBACK_TYPE | None = None

    @callback
    def async_start(self) -> None:
        """Look now and then every minute; the set-up does not wait for the node's health."""
        self._cancel = async_track_time_interval(
            self._hass, self._async_look, _EVERY, cancel_on_shutdown=True
        )
        # A former set-up may have failed on it, and nobody was left to take it back.
        self._raised.add(Problem(kind=UNSUPPORTED_CONTRACT).issue_id(self._entry.entry_id))
        self.async_report()

    @callback
    def async_stop(self) -> None:
        """Stop looking and take back what was told.

        What made the set-up fail stays told: it is the reason why nothing else can be seen.
        """
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
        if self._hub.info is not None:
            for issue_id in self._raised:
                ir.async_delete_issue(self._hass, DOMAIN, issue_id)
            self._raised.clear()

    async def _async_look(self, _now: datetime | None) -> None:
        if self._looks % _ASK_EVERY == 0:
            await self._async_ask()
        self._looks += 1
        self.async_report()

    async def _async_ask(self) -> None:
        monitor = self._hub.monitor
        if not monitor.available:
            self._health = None
            return
        try:
            self._health = await monitor.api.health()
        except ApiError as error:
            LOGGER.debug("No health of node %s: %s", self._hub.node, error)
            self._health = None
            monitor.async_recheck()

    @callback
    def async_report(self) -> None:
        """Bring the issues in line with what is wrong."""
        found = {
            problem.issue_id(self._entry.entry_id): problem
            for problem in find_problems(self._situation())
        }
        self._lasting = {key: self._lasting.get(key, 0) + 1 for key in found}
        # The first look sees a problem that has lasted no minute yet.
        due = {key for key, problem in found.items() if self._lasting[key] > problem.kind.minutes}
        for issue_id in due:
            self._tell(issue_id, found[issue_id])
        for issue_id in self._raised - due:
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)
        self._raised = due

    def _tell(self, issue_id: str, problem: Problem) -> None:
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id,
            data={
                "entry_id": self._entry.entry_id,
                "camera": problem.camera,
                "camera_name": problem.placeholders.get("camera"),
            },
            is_fixable=problem.kind.fixable,
            learn_more_url=_DOCUMENTATION,
            severity=problem.kind.severity,
            translation_key=problem.kind.key,
            translation_placeholders=dict(problem.placeholders),
        )

    def _situation(self) -> Situation:
        hub = self._hub
        error = hub.monitor.error
        foreign = hub.foreign_contract
        if foreign is None and isinstance(error, ApiVersionError):
            foreign = error.found
        return Situation(
            name=self._entry.title,
            broker=mqtt.is_connected(self._hass),
            online=hub.online,
            foreign_contract=foreign,
            health=self._health,
            cameras_away={
                camera: feed.info.name
                for camera, feed in hub.cameras.items()
                if feed.status is CameraStatus.OFFLINE
            },
        )


@callback
def async_forget(hass: HomeAssistant, entry: OmnicamConfigEntry) -> None:
    """Take back what a failed set-up has told, when the entry goes."""
    issue_id = Problem(kind=UNSUPPORTED_CONTRACT).issue_id(entry.entry_id)
    ir.async_delete_issue(hass, DOMAIN, issue_id)
