/** What we render. */

import { picture } from "./picture";
import surface from "./surface";

export default [surface, picture];
