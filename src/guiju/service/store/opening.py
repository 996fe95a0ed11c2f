"""The store that the settings name."""

from __future__ import annotations

import logging
from pathlib import Path

from guiju.remote import Access, Remote
from guiju.service.settings import BadSettings, Settings
from guiju.service.store.base import Backend, StoreError
from guiju.service.store.embedded import Embedded, default_folder
from guiju.service.store.nowhere import Nowhere
from guiju.service.store.remote import Elsewhere
from guiju.service.store.submissions import Submissions

_LOG = logging.getLogger(__name__)
OFF = "off"


def opened(of: Settings) -> Submissions:
    """The kept submissions.

    Raises BadSettings for settings that do not go together, or name a folder that cannot be opened. Where the settings
    name none, and the usual folder cannot be opened, the service does without. A store elsewhere is not asked anything
    yet.
    """
    if of.store == OFF:
        return Submissions(Nowhere())
    if not of.store:
        return Submissions(_usual())
    if not of.store.startswith(("http://", "https://")):
        try:
            return Submissions(Embedded(Path(of.store)))
        except StoreError as error:
            raise BadSettings(f"GUIJU_STORE={of.store}: {error}") from None
    if not of.store_update and not of.store_graphs:
        raise BadSettings(
            "GUIJU_STORE: 远程存储还需 GUIJU_STORE_GRAPHS 或 GUIJU_STORE_UPDATE，才能写入。 "
            "To write to a store elsewhere, set GUIJU_STORE_GRAPHS or GUIJU_STORE_UPDATE."
        )
    access = Access(of.store_user, of.store_password.get_secret_value(), of.store_token.get_secret_value())
    try:
        return Submissions(Elsewhere(Remote(of.store, of.store_update, of.store_graphs, access, of.store_deadline)))
    except ValueError as error:
        raise BadSettings(f"GUIJU_STORE, _UPDATE, _GRAPHS: 地址不可用。 An address cannot be used: {error}") from None


def _usual() -> Backend:
    try:
        return Embedded(default_folder())
    except StoreError as error:
        _LOG.warning("nothing will be kept: %s", error)
        return Nowhere(
            StoreError("本服务的存储打不开。", "The store of this service could not be opened; its log says why.")
        )
