"""Cameras of a node as subentries: added from Home Assistant's own cameras or by address.

The form's answers are made into fields of the node's API. The node checks them: what it refuses
comes back to the field of the form where it belongs, in the node's own words.
"""

from typing import Any, Final

import probatio
from homeassistant.components.camera import async_get_stream_source
from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME, CONF_PASSWORD, CONF_URL, CONF_USERNAME
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    ObjectSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
    TimeSelector,
)
from homeassistant.util import slugify

from .api import (
    ApiAuthError,
    ApiConflictError,
    ApiConnectionError,
    ApiError,
    ApiFieldsError,
    ApiRefusedError,
    ApiUnknownError,
)
from .camera_fields import ALARM_LEVEL, CLASSES, NIGHT_END, NIGHT_START, ZONES, fields, suggestions
from .const import LOGGER, AnomalyClass, Level
from .data import OmnicamConfigEntry
from .page import page_link

CONF_ENTITY: Final = "entity"

_PLAIN = TextSelector()
_PASSWORD = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))
_WATCHING: Final[dict[Any, Any]] = {
    probatio.Optional(CLASSES): SelectSelector(
        SelectSelectorConfig(options=list(AnomalyClass), multiple=True, translation_key="class")
    ),
    probatio.Optional(ALARM_LEVEL): SelectSelector(
        SelectSelectorConfig(
            options=list(Level),
            mode=SelectSelectorMode.DROPDOWN,
            translation_key="alarm_level",
        )
    ),
    probatio.Optional(NIGHT_START): TimeSelector(),
    probatio.Optional(NIGHT_END): TimeSelector(),
    probatio.Optional(ZONES): ObjectSelector(),
}
_SIGN_IN: Final[dict[Any, Any]] = {
    probatio.Optional(CONF_USERNAME): _PLAIN,
    probatio.Optional(CONF_PASSWORD): _PASSWORD,
}
_ADDRESS: Final[dict[Any, Any]] = {
    probatio.Required(CONF_NAME): _PLAIN,
    probatio.Required(CONF_URL): _PLAIN,
    **_SIGN_IN,
    **_WATCHING,
}
_ENTITY: Final[dict[Any, Any]] = {
    probatio.Required(CONF_NAME): _PLAIN,
    probatio.Required(CONF_ENTITY): EntitySelector(EntitySelectorConfig(domain="camera")),
    **_WATCHING,
}
_CHANGE: Final[dict[Any, Any]] = {
    probatio.Required(CONF_NAME): _PLAIN,
    probatio.Optional(CONF_URL): _PLAIN,
    **_SIGN_IN,
    **_WATCHING,
}

_ERRORS: Final[tuple[tuple[type[ApiError], str], ...]] = (
    (ApiAuthError, "invalid_auth"),
    (ApiConnectionError, "cannot_connect"),
    (ApiConflictError, "camera_exists"),
    (ApiUnknownError, "node_too_old"),
    (ApiRefusedError, "refused"),
    (ApiError, "bad_answer"),
)
_FORM_FIELDS: Final = {"night": NIGHT_START, "id": CONF_NAME}
"""Where a field of the node's stands in the form, if not under its own name."""


class CameraSubentryFlow(ConfigSubentryFlow):
    """Adds a camera to a node, or changes one that was added."""

    _current: dict[str, Any] | None = None

    async def async_step_user(
        self, _user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask where the camera comes from."""
        if self._get_entry().state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        return self.async_show_menu(step_id="user", menu_options=["entity", "address"])

    async def async_step_entity(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Add one of Home Assistant's own cameras: the node reads the same stream."""
        if user_input is None:
            return self._form("entity", _ENTITY)
        try:
            source = await async_get_stream_source(self.hass, user_input[CONF_ENTITY])
        except HomeAssistantError:
            source = None
        if not source:
            return self._form("entity", _ENTITY, user_input, {CONF_ENTITY: "no_stream"})
        return await self._async_add("entity", _ENTITY, user_input, source)

    async def async_step_address(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Add a camera by its address."""
        if user_input is None:
            return self._form("address", _ADDRESS)
        return await self._async_add("address", _ADDRESS, user_input, user_input[CONF_URL])

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change a camera; an address and a password that are left out stay as they are."""
        entry: OmnicamConfigEntry = self._get_entry()
        if entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        subentry = self._get_reconfigure_subentry()
        api, camera = entry.runtime_data.monitor.api, subentry.unique_id or ""
        if self._current is None:
            try:
                self._current = await api.camera_settings(camera)
            except ApiError as error:
                LOGGER.debug("The settings of %s were not given: %s", camera, error)
                placeholders = {"problem": str(error)}
                return self.async_abort(reason=_key(error), description_placeholders=placeholders)
        if user_input is None:
            return self._form("reconfigure", _CHANGE, suggestions(self._current))
        try:
            changes = fields(user_input, user_input.get(CONF_URL), self._current)
            await api.change_camera(camera, changes)
        except ApiError as error:
            errors, problem = _told(error, _CHANGE)
            return self._form("reconfigure", _CHANGE, user_input, errors, problem)
        return self.async_update_and_abort(entry, subentry, title=user_input[CONF_NAME])

    async def _async_add(
        self, step: str, schema: dict[Any, Any], user_input: dict[str, Any], source: str
    ) -> SubentryFlowResult:
        hub = self._get_entry().runtime_data
        name = user_input[CONF_NAME].strip()
        camera = slugify(name)[:63].strip("_") or "camera"
        # The node tells of the camera before it answers: its subentry is this flow's to make.
        hub.subentries.pending.add(camera)
        try:
            await hub.monitor.api.add_camera(camera, fields(user_input, source, {}))
            # So that no older info, still on its way, takes the new camera away again.
            await hub.monitor.async_check()
        except ApiError as error:
            errors, problem = _told(error, schema)
            return self._form(step, schema, user_input, errors, problem)
        finally:
            hub.subentries.pending.discard(camera)
        return self.async_create_entry(title=name, data={}, unique_id=camera)

    def _form(
        self,
        step: str,
        schema: dict[Any, Any],
        values: dict[str, Any] | None = None,
        errors: dict[str, str] | None = None,
        problem: str = "",
    ) -> SubentryFlowResult:
        shown = {key: value for key, value in (values or {}).items() if key != CONF_PASSWORD}
        return self.async_show_form(
            step_id=step,
            data_schema=self.add_suggested_values_to_schema(probatio.Schema(schema), shown),
            errors=errors or {},
            description_placeholders={"problem": problem} | self._page(step),
        )

    def _page(self, step: str) -> dict[str, str]:
        """Give the link to the camera's zones, drawn on its picture, once there is a camera."""
        if step != "reconfigure":
            return {}
        camera = self._get_reconfigure_subentry().unique_id or ""
        return {"page": page_link(self._get_entry().data, camera)}


def _key(error: ApiError) -> str:
    return next(key for kind, key in _ERRORS if isinstance(error, kind))


def _told(error: ApiError, schema: dict[Any, Any]) -> tuple[dict[str, str], str]:
    """Give the form's errors by field, and what the node said."""
    if not isinstance(error, ApiFieldsError):
        key = _key(error)
        problem = str(error) if isinstance(error, ApiRefusedError) else ""
        return {CONF_NAME if key == "camera_exists" else "base": key}, problem
    inputs = {str(key) for key in schema}
    errors: dict[str, str] = {}
    for path in error.fields:
        first = path.split(".", 1)[0]
        field = _FORM_FIELDS.get(first, first)
        errors[field if field in inputs else "base"] = "refused"
    return errors, str(error)
