#include "host/plugin/description_json.h"

#include <ganger/plugin.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "host/plugin/description.h"
#include "host/text.h"

namespace ganger::host {

namespace {

using Json = nlohmann::ordered_json;

/// Writes JSON as it goes: this is done at the start of every run, and a document in memory would cost ten times as
/// much. Shape: all text is printable UTF-8, as read_description() has seen to
class Writer {
 public:
  /// A key, and what its value is.
  Writer& text(std::string_view key, std::string_view value) {
    name(key);
    quoted(value);
    return *this;
  }
  Writer& number(std::string_view key, std::uint32_t value) {
    name(key);
    out_ += std::to_string(value);
    return *this;
  }
  template <class All, class One>
  Writer& list(std::string_view key, const All& all, One one) {
    name(key);
    out_ += '[';
    for (const auto& element : all) {
      if (out_.back() != '[') out_ += ',';
      one(element);
    }
    out_ += ']';
    return *this;
  }

  Writer& begin() {
    out_ += '{';
    return *this;
  }
  void end() { out_ += '}'; }

  void quoted(std::string_view value) {
    out_ += '"';
    for (auto at = value.begin(); at != value.end();) {
      const auto special = std::find_if(at, value.end(), [](char c) { return c == '"' || c == '\\'; });
      out_.append(at, special);
      if ((at = special) != value.end()) (out_ += '\\') += *at++;
    }
    out_ += '"';
  }

  std::string take() { return std::move(out_); }

 private:
  void name(std::string_view key) {
    if (out_.back() != '{') out_ += ',';
    ((out_ += '"') += key) += "\":";
  }

  std::string out_;
};

void write(Writer& to, const Param& param) {
  to.begin().text("name", param.name).text("help", param.help);
  to.number("type", param.type).number("flags", param.flags);
  if (!param.choices.empty())
    to.list("choices", param.choices, [&](const std::string& choice) { to.quoted(choice); });
  if (param.has_default) to.text("default", param.default_text);
  to.end();
}

void write(Writer& to, const Need& need) {
  to.begin().text("interface", need.interface).number("count", need.count);
  if (!need.param.empty()) to.text("param", need.param);
  to.end();
}

void write(Writer& to, const std::vector<Param>& params) {
  to.list("params", params, [&](const Param& param) { write(to, param); });
}

void write(Writer& to, const TaskType& type) {
  to.begin().text("name", type.name).text("summary", type.summary).number("flags", type.flags);
  write(to, type.params);
  to.list("needs", type.needs, [&](const Need& need) { write(to, need); }).end();
}

void write(Writer& to, const PoolKind& kind) {
  to.begin().text("name", kind.name).text("summary", kind.summary).text("interface", kind.interface);
  to.number("flags", kind.flags);
  write(to, kind.params);
  to.end();
}

// What stands for the functions while the description is read: it has to be code.
ganger_status no_run(const ganger_host* /*host*/, ganger_ctx* /*ctx*/, void* /*user*/) { return GANGER_BUG; }
ganger_status no_open(const ganger_host* /*host*/, ganger_ctx* /*ctx*/, void* /*user*/, void** /*handle*/) {
  return GANGER_BUG;
}
void no_close(void* /*user*/, void* /*handle*/) {}
constexpr std::uint32_t kNoApi = sizeof(kNoApi);

/// Builds what a plugin would have returned, so that the one who reads descriptions checks this one too.
class DescriptionBuilder {
 public:
  /// Lifetime: the result lives as long as the builder; null when the JSON has not the shape it should have
  const ganger_plugin* build(const Json& json) {
    if (!json.is_object()) return nullptr;
    plugin_ = {};
    plugin_.struct_size = sizeof plugin_;
    plugin_.abi_minor = number(json, "abi_minor");
    plugin_.min_host_minor = number(json, "min_host_minor");
    plugin_.id = text(json, "id");
    plugin_.version = text(json, "version");
    plugin_.license = text(json, "license");
    plugin_.tasks = all<ganger_task>(json, "tasks", [this](const Json& one) { return task(one); });
    plugin_.pool_kinds =
        all<ganger_pool_kind>(json, "pool_kinds", [this](const Json& one) { return pool_kind(one); });
    return is_good_ ? &plugin_ : nullptr;
  }

 private:
  std::nullptr_t bad() {
    is_good_ = false;
    return nullptr;
  }

  const char* text(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end()) return nullptr;
    return found->is_string() ? kept(found->get<std::string>()) : bad();
  }

  const char* kept(std::string text) {
    if (text.find('\0') != std::string::npos) return bad();
    texts_.push_back(std::move(text));
    return texts_.back().c_str();
  }

  std::uint32_t number(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found != object.end() && found->is_number_unsigned())
      if (const auto n = found->get<std::uint64_t>(); n <= std::numeric_limits<std::uint32_t>::max())
        return static_cast<std::uint32_t>(n);
    bad();
    return 0;
  }

  /// The NULL-terminated array of pointers to what `one` makes of each element.
  template <class Struct, class One>
  const Struct* const* all(const Json& object, const char* key, One one) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_array()) return bad();
    std::vector<const void*> pointers;
    for (const Json& element : *found) {
      if (!element.is_object()) return bad();
      auto& kept = std::get<std::deque<Struct>>(structs_);
      kept.push_back(one(element));
      pointers.push_back(&kept.back());
    }
    pointers.push_back(nullptr);
    arrays_.push_back(std::move(pointers));
    return reinterpret_cast<const Struct* const*>(arrays_.back().data());
  }

  ganger_param param(const Json& json) {
    ganger_param param{};
    param.struct_size = sizeof param;
    param.type = number(json, "type");
    param.flags = number(json, "flags");
    param.name = text(json, "name");
    param.help = text(json, "help");
    param.def = text(json, "default");
    if (const auto choices = json.find("choices"); choices != json.end()) param.choices = joined(*choices);
    return param;
  }

  /// Plugins write them as one text with bars.
  const char* joined(const Json& choices) {
    if (!choices.is_array()) return bad();
    std::string text;
    for (const Json& choice : choices) {
      if (!choice.is_string()) return bad();
      text += (text.empty() ? "" : "|") + choice.get<std::string>();
    }
    return kept(std::move(text));
  }

  ganger_need need(const Json& json) {
    ganger_need need{};
    need.struct_size = sizeof need;
    need.count = number(json, "count");
    need.interface = text(json, "interface");
    need.param = text(json, "param");
    return need;
  }

  /// What all that a plugin provides has.
  template <class Struct>
  Struct provided(const Json& json) {
    Struct it{};
    it.struct_size = sizeof it;
    it.flags = number(json, "flags");
    it.name = text(json, "name");
    it.summary = text(json, "summary");
    it.params = all<ganger_param>(json, "params", [this](const Json& one) { return param(one); });
    return it;
  }

  ganger_task task(const Json& json) {
    auto task = provided<ganger_task>(json);
    task.needs = all<ganger_need>(json, "needs", [this](const Json& one) { return need(one); });
    task.run = no_run;
    return task;
  }

  ganger_pool_kind pool_kind(const Json& json) {
    auto kind = provided<ganger_pool_kind>(json);
    kind.interface = text(json, "interface");
    kind.api = &kNoApi;
    kind.open = no_open;
    kind.close = no_close;
    return kind;
  }

  ganger_plugin plugin_{};
  std::deque<std::string> texts_;
  std::deque<std::vector<const void*>> arrays_;
  std::tuple<std::deque<ganger_param>, std::deque<ganger_need>, std::deque<ganger_task>, std::deque<ganger_pool_kind>>
      structs_;
  bool is_good_ = true;
};

void forget_functions(Plugin& plugin) {
  plugin.is_open = false;
  plugin.init = nullptr;
  plugin.deinit = nullptr;
  for (auto& type : plugin.task_types) {
    type->check = nullptr;
    type->run = nullptr;
  }
  for (auto& kind : plugin.pool_kinds) {
    kind->api = nullptr;
    kind->open = nullptr;
    kind->close = nullptr;
  }
}

}  // namespace

std::string description_json(const Plugin& plugin) {
  Writer to;
  to.begin().text("id", plugin.id).text("version", plugin.version).text("license", plugin.license);
  to.number("abi_minor", plugin.abi_minor).number("min_host_minor", plugin.min_host_minor);
  to.list("tasks", plugin.task_types, [&](const auto& type) { write(to, *type); });
  to.list("pool_kinds", plugin.pool_kinds, [&](const auto& kind) { write(to, *kind); });
  to.end();
  return to.take();
}

Result<std::unique_ptr<Plugin>> parse_description(std::string_view json, const std::filesystem::path& file) {
  const Json parsed = Json::parse(json, nullptr, false);
  DescriptionBuilder builder;
  const ganger_plugin* described = parsed.is_discarded() ? nullptr : builder.build(parsed);
  if (described == nullptr)
    return failure(ErrorKind::refused, file.string() + " is refused: what it says it provides makes no sense");
  auto plugin = read_description(described, file);
  if (plugin) forget_functions(**plugin);
  return plugin;
}

Result<void> check_note(std::string_view note, const Plugin& plugin, const std::filesystem::path& file) {
  const std::string said = description_json(plugin);
  if (note == said) return {};
  const auto noted = parse_description(note, file);
  if (!noted) return tl::unexpected(noted.error());
  const Json differences = Json::diff(Json::parse(said), Json::parse(description_json(**noted)));
  if (differences.empty()) return {};
  return failure(ErrorKind::refused, file.string() +
                                         " is refused: its note and its code do not describe the same plugin, they "
                                         "differ at " +
                                         excerpt(differences[0]["path"].get<std::string>()) + "; build it again");
}

}  // namespace ganger::host
