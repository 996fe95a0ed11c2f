"""The store that the settings name."""

from __future__ import annotations

from pathlib import Path

from guiju.remote import Access, Remote
from guiju.service.settings import BadSettings, Settings
from guiju.service.store.embedded import Embedded, default_folder
from guiju.service.store.remote import Elsewhere
from guiju.service.store.submissions import Submissions

OFF = "off"


def opened(of: Settings) -> Submissions | None:
    """The kept submissions, None where nothing is to be kept.

    Raises BadSettings for settings that do not go together, StoreError for a folder that cannot be opened. A store
    elsewhere is not asked anything yet.
    """
    if of.store == OFF:
        return None
    if not of.store.startswith(("http://", "https://")):
        return Submissions(Embedded(Path(of.store) if of.store else default_folder()))
    if not of.store_update and not of.store_graphs:
        raise BadSettings(
            f"GUIJU_STORE={of.store}: 远程存储还需 GUIJU_STORE_GRAPHS 或 GUIJU_STORE_UPDATE，才能写入。 "
            "To write to a store elsewhere, set GUIJU_STORE_GRAPHS or GUIJU_STORE_UPDATE."
        )
    access = Access(of.store_user, of.store_password.get_secret_value(), of.store_token.get_secret_value())
    try:
        return Submissions(Elsewhere(Remote(of.store, of.store_update, of.store_graphs, access, of.store_deadline)))
    except ValueError as error:
        raise BadSettings(f"GUIJU_STORE, _UPDATE, _GRAPHS: 地址不可用。 An address cannot be used: {error}") from None
