// What the program says to the person who started it. The secrets of this process are taken out of all of it.
#pragma once
#include <string_view>

#include "host/error.h"
#include "host/report/json_text.h"

namespace ganger::host {

/// A line on stderr, with the program's name unless it begins with a place in a file.
void say(std::string_view line);
/// All of them, as describe() puts them.
void say(const Errors& errors);
/// The same as warnings.
void say_warnings(const Errors& warnings);
/// The answer, on stdout. A reader that went away is no error; any other is said here.
void answer(std::string_view text);
/// Takes the secrets out of all its strings, but for the name of the schema.
void mask_strings(Json& json);
/// As a line. Secrets are taken out of its strings before these are put into JSON, which writes some characters
/// differently.
void answer_json(Json json);
/// Has an answer got lost, on a full disk for one?
bool is_answer_lost();

}  // namespace ganger::host
