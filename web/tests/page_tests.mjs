// Every test of the page, by name.
import * as answers from "./page_answers.mjs";
import * as failures from "./page_failures.mjs";
import * as forms from "./page_forms.mjs";
import * as keys from "./page_keys.mjs";
import * as search from "./page_search.mjs";

export const tests = { ...answers, ...failures, ...forms, ...keys, ...search };
