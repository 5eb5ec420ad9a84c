"""/preview: a whole care plan as patients would get it, for any time of treatment, in the chat of staff."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.replies import Html
from bot.model import Payload
from bot.services.post import Post
from bot.services.preview import NoPreview, as_text, preview

FORM = "%Y-%m-%d %H:%M"
"""How staff write the time of a treatment, on the clinic's clock."""


@dataclass(frozen=True)
class PreviewCommand:
    """Shows the clinic's first plan."""

    post: Post

    def show(self, words: str) -> Payload:
        """The plan of somebody treated at the time in `words`, or now; how to ask, where `words` is no time."""
        content = self.post.library.served.content
        zone = content.clinic.zone
        try:
            treated_at = datetime.strptime(words.strip(), FORM).replace(tzinfo=zone) if words.strip() else None
        except ValueError:
            return Payload(self.post.text(content.patient_list.preview_how))
        try:
            shown = preview(content, None, zone, treated_at or self.post.clock.now())
        except NoPreview as error:
            return Payload(self.post.text("{why}", why=str(error)))
        return Payload(Html(as_text(shown)))
