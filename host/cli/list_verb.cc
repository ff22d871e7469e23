#include <fmt/format.h>

#include <system_error>

#include "host/cli/verbs.h"
#include "host/report/plugin_json.h"
#include "host/report/say.h"
#include "host/report/streams.h"
#include "host/report/table.h"
#include "host/session/prepare.h"
#include "host/text.h"

namespace ganger::host {

namespace {

bool exists(const SearchFolder& folder) {
  std::error_code problem;
  return std::filesystem::is_directory(folder.path, problem);
}

Json list_json(const Registry& registry, const std::vector<Listing>& listings) {
  Json json;
  json["schema"] = "ganger.list/1";
  json["folders"] = Json::array();
  for (const SearchFolder& folder : registry.search_path().folders()) {
    Json one;
    one["path"] = folder.path.string();
    one["origin"] = folder.origin;
    one["exists"] = exists(folder);
    json["folders"].push_back(std::move(one));
  }
  json["plugins"] = Json::array();
  for (const Listing& listing : listings) {
    Json one;
    one["id"] = listing.id;
    if (listing.plugin != nullptr) one = json_of(*listing.plugin);
    one["file"] = listing.file.string();
    one["origin"] = listing.origin;
    one["shadowed_by"] = listing.shadowed_by.empty() ? Json() : Json(listing.shadowed_by.string());
    one["error"] = listing.error ? Json(listing.error->message) : Json();
    one["task_types"] = one["pool_kinds"] = Json::array();
    if (listing.plugin != nullptr) {
      for (const auto& type : listing.plugin->task_types) one["task_types"].push_back(json_of(*type));
      for (const auto& kind : listing.plugin->pool_kinds) one["pool_kinds"].push_back(json_of(*kind));
    }
    json["plugins"].push_back(std::move(one));
  }
  return json;
}

std::string plugin_text(const Listing& listing, bool has_colour) {
  const Plugin& plugin = *listing.plugin;
  Table provided({"", "", ""});
  const auto add = [&](const auto& one, const char* what) {
    provided.add(
        {one.id, what, one.unusable.empty() ? one.summary : fmt::format("{} ({})", one.summary, one.unusable)});
  };
  for (const auto& type : plugin.task_types) add(*type, "task");
  for (const auto& kind : plugin.pool_kinds) add(*kind, "pool");
  return fmt::format("{} {}  {} ({})\n", painted(plugin.id, Paint::bold, has_colour), printable(plugin.version),
                     printable(listing.file.string()), listing.origin) +
         provided.text("  ", false);
}

std::string folders_text(const Registry& registry) {
  std::string text = "searched, the first that has a file wins:\n";
  Table folders({"", "", ""});
  for (const SearchFolder& folder : registry.search_path().folders())
    folders.add({folder.path.string(), folder.origin, exists(folder) ? "" : "not there"});
  return text + folders.text("  ", false);
}

std::string list_text(const Registry& registry, const std::vector<Listing>& listings, const Options& options) {
  const bool has_colour = use_colour(options.colour, streams().answer);
  std::string text;
  for (const Listing& listing : listings) {
    if (listing.plugin != nullptr)
      text += plugin_text(listing, has_colour);
    else if (listing.error)
      text += fmt::format("{} {}\n  {}\n", painted(printable(listing.id), Paint::bold, has_colour),
                          painted("cannot be used", Paint::red, has_colour), printable(listing.error->message));
    else if (options.verbose)
      text += fmt::format("{} is not used: {} wins\n", printable(listing.file.string()),
                          printable(listing.shadowed_by.string()));
  }
  if (listings.empty()) text = "no plugins were found; add a folder with -P\n";
  if (options.verbose || listings.empty()) text += folders_text(registry);
  return text;
}

}  // namespace

int list_verb(const Options& options) {
  const auto registry = make_registry(options, {});
  const std::vector<Listing> listings = registry->list();
  if (options.as_json)
    answer_json(list_json(*registry, listings));
  else
    answer(list_text(*registry, listings, options));
  return kExitOk;
}

}  // namespace ganger::host
