/** The page of sharing, which works without a script but for copying a new link. */
import { offerNewLink } from "./copying";

// The page with the address answers a form: reloading it must show the links, not make another one.
if (offerNewLink()) history.replaceState(null, "", location.href);
