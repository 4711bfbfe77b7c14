// Follow a petition while it is open: the count, and new names on top of the list. Without this file the page is the same, and still.
"use strict";
