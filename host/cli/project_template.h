// A project of its own, made from the files of an example.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "host/error.h"

namespace ganger::host {

/// An example that is a template, too: `ganger new` finds its files below the prefix of the running program.
struct ProjectTemplate {
  std::string_view lang;      ///< as --lang calls it, and its folder under share/ganger/templates
  std::string_view language;  ///< as people call it
  std::string_view word;      ///< what the example is called; a project has its own name in place of it
};

/// Errors: usage
Result<const ProjectTemplate*> find_template(std::string_view lang);

/// `text` with `name` in place of each `word` that has no comma behind it: "hello, world" is a greeting and stays.
std::string renamed(std::string_view text, std::string_view word, std::string_view name);

/// Makes the folder `project`, with every file of the folder `files`, renamed() in its name and its text. There is
/// all of it or nothing, also when a signal comes meanwhile. Errors: not_found there is no template; cannot_create;
/// io
Result<void> make_project(const std::filesystem::path& files, std::string_view word, std::string_view name,
                          const std::filesystem::path& project);

}  // namespace ganger::host
