#include "host/plugin/description.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

#include "host/plugin/default_value.h"
#include "host/plugin/memory_probe.h"
#include "host/text.h"

namespace ganger::host {

namespace {

constexpr std::size_t kLongestName = 63;
constexpr std::size_t kLongestLine = 1024;
constexpr std::size_t kLongestText = 65536;      // defaults and choices
constexpr std::uint32_t kLargestStruct = 65536;  // a struct_size past this is no size

constexpr std::uint32_t kParamFlags = GANGER_PARAM_REQUIRED | GANGER_PARAM_LIST;
constexpr std::uint32_t kTaskFlags =
    GANGER_TASK_HEAVY | GANGER_TASK_IDEMPOTENT | GANGER_TASK_ISOLATE | GANGER_TASK_EXCLUSIVE;
constexpr std::uint32_t kPoolFlags = GANGER_POOL_THREAD_BOUND | GANGER_POOL_HOST_ONLY;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// "ganger.sql/1": what, a slash and its major.
bool is_interface(std::string_view text) {
  const auto slash = text.rfind('/');
  if (slash == std::string_view::npos || text.size() > kLongestName) return false;
  const auto major = text.substr(slash + 1);
  return is_name(text.substr(0, slash), "_.-") && !major.empty() &&
         major.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string in_quotes(std::string_view text) { return "'" + excerpt(text) + "'"; }

/// What a message is about, put into words only when there is one: "help of parameter 'size' of task type 'noop'".
struct Place {
  std::string_view what;
  const Place* of = nullptr;
  std::size_t number = 0;      ///< of things that there are several of, from 1
  std::string_view name = {};  ///< what they are called by, where they have a proper one

  std::string text() const {
    std::string words(what);
    if (number != 0) words += " " + (name.empty() ? std::to_string(number) : in_quotes(name));
    return of == nullptr ? words : words + " of " + of->text();
  }
};

std::string operator+(const Place& place, std::string_view rest) { return place.text().append(rest); }

std::vector<std::string> split_choices(std::string_view text) {
  std::vector<std::string> choices;
  while (!text.empty()) {
    const auto bar = std::min(text.find('|'), text.size());
    choices.emplace_back(text.substr(0, bar));
    text.remove_prefix(std::min(bar + 1, text.size()));
  }
  return choices;
}

std::string joined(const std::vector<std::string>& choices) {
  std::string text;
  for (const auto& choice : choices) text += (text.empty() ? "" : ", ") + choice;
  return text;
}

/// Copies one description and collects its faults.
class DescriptionReader {
 public:
  std::unique_ptr<Plugin> read(const ganger_plugin* described, const std::filesystem::path& file);
  const std::vector<std::string>& faults() const { return faults_; }
  bool needs_newer_host() const { return needs_newer_host_; }

 private:
  void fault(std::string text) { faults_.push_back(std::move(text)); }
  void warn(std::string text) { plugin_->warnings.push_back(std::move(text)); }

  template <class Struct>
  bool copy(const void* from, Struct& out, const Place& what);
  std::vector<const void*> pointers(const void* from, const Place& what);
  std::string text(const char* from, std::size_t longest, const Place& what);
  std::string line(const char* from, const Place& what);
  std::string name(const char* from, const Place& what, std::string_view marks = "_-");
  std::string interface(const char* from, const Place& what);
  template <class Function>
  Function* code(Function* function, const Place& what, bool is_required);
  void look_at_flags(std::uint32_t flags, std::uint32_t known, const Place& what);

  std::unique_ptr<TaskType> task(const void* from, std::size_t index);
  std::unique_ptr<PoolKind> pool_kind(const void* from, std::size_t index);
  std::vector<Param> params(const void* from, const Place& of, std::string& unusable);
  Param param(const void* from, std::size_t index, const Place& of);
  void default_of(Param& param, const ganger_param& described, const Place& what);
  std::vector<Need> needs(const void* from, const TaskType& task, const Place& of);
  void look_at_api(const void* api, const Place& of);

  MemoryProbe probe_;
  std::unique_ptr<Plugin> plugin_;
  std::vector<std::string> faults_;
  bool needs_newer_host_ = false;
};

/// Every struct of minor 0 is as long as in this header. When a minor appends a field, what is asked for here must
/// stay the size of minor 0; what an older plugin does not have stays zero.
template <class Struct>
bool DescriptionReader::copy(const void* from, Struct& out, const Place& what) {
  static_assert(std::is_trivially_copyable_v<Struct>);
  std::uint32_t size = 0;
  if (!probe_.read(from, &size, sizeof size)) {
    fault(what + " is not in readable memory");
    return false;
  }
  if (size < sizeof(Struct) || size > kLargestStruct) {
    fault(what + " has struct_size " + std::to_string(size) + "; it must be the size of the struct, here " +
          std::to_string(sizeof(Struct)));
    return false;
  }
  if (probe_.read(from, &out, sizeof(Struct))) return true;
  fault(what + " is not in readable memory");
  return false;
}

std::vector<const void*> DescriptionReader::pointers(const void* from, const Place& what) {
  if (from == nullptr) return {};
  auto array = probe_.pointers(from);
  if (array.found == MemoryProbe::Found::whole) return std::move(array.pointers);
  const std::string count = std::to_string(array.pointers.size());
  if (array.found == MemoryProbe::Found::unterminated)
    fault(what + " have no NULL among the first " + count + " pointers");
  else
    fault(what + " are not in readable memory after " + count + " pointers");
  return {};
}

std::string DescriptionReader::text(const char* from, std::size_t longest, const Place& what) {
  auto read = probe_.text(from, longest);
  if (read.found == MemoryProbe::Found::unreadable)
    fault(what + " is not in readable memory");
  else if (read.found == MemoryProbe::Found::unterminated)
    fault(what + " is longer than " + std::to_string(longest) + " bytes");
  else if (!is_printable(read.text))
    fault(what + " is not one line of UTF-8 text");
  else
    return std::move(read.text);
  return {};
}

std::string DescriptionReader::line(const char* from, const Place& what) {
  return from == nullptr ? std::string() : text(from, kLongestLine, what);
}

std::string DescriptionReader::name(const char* from, const Place& what, std::string_view marks) {
  if (from == nullptr) {
    fault(what + " is NULL");
    return {};
  }
  const std::size_t faults_before = faults_.size();
  std::string read = text(from, kLongestName, what);
  if (faults_.size() > faults_before || is_name(read, marks)) return read;
  fault(what + " is " + in_quotes(read) + "; it may hold only a-z, 0-9" +
        (marks.find('.') == std::string_view::npos ? "" : ", .") + ", _ and -");
  return {};
}

std::string DescriptionReader::interface(const char* from, const Place& what) {
  if (from == nullptr) {
    fault(what + " is NULL");
    return {};
  }
  const std::size_t faults_before = faults_.size();
  std::string read = text(from, kLongestName, what);
  if (faults_.size() == faults_before && !is_interface(read))
    fault(what + " is " + in_quotes(read) + "; write it as ganger.sql/1");
  return read;
}

template <class Function>
Function* DescriptionReader::code(Function* function, const Place& what, bool is_required) {
  if (function == nullptr) {
    if (is_required) fault(what + " is NULL");
  } else if (!probe_.is_code(reinterpret_cast<const void*>(function))) {
    fault(what + " does not point to code");
  }
  return function;
}

void DescriptionReader::look_at_flags(std::uint32_t flags, std::uint32_t known, const Place& what) {
  if ((flags & ~known) != 0)
    warn(what + " has flags that this host does not know: " + std::to_string(flags & ~known));
}

std::unique_ptr<Plugin> DescriptionReader::read(const ganger_plugin* described, const std::filesystem::path& file) {
  plugin_ = std::make_unique<Plugin>();
  plugin_->file = file;
  ganger_plugin all{};
  if (!copy(described, all, {"the description"})) return nullptr;
  if (all.min_host_minor > GANGER_ABI_MINOR) {
    needs_newer_host_ = true;
    fault("needs host ABI " + std::to_string(GANGER_ABI_MAJOR) + "." + std::to_string(all.min_host_minor) +
          ", this is " + std::to_string(GANGER_ABI_MAJOR) + "." + std::to_string(GANGER_ABI_MINOR) +
          " (ganger " GANGER_VERSION ")");
    return nullptr;
  }
  plugin_->abi_minor = all.abi_minor;
  plugin_->min_host_minor = all.min_host_minor;
  plugin_->id = name(all.id, {"id"}, "_.-");
  if (!plugin_->id.empty() && !is_lower_or_digit(plugin_->id.front()))
    fault("id is " + in_quotes(plugin_->id) + "; it must start with a letter or a digit");
  plugin_->version = line(all.version, {"version"});
  if (all.version == nullptr) fault("version is NULL");
  plugin_->license = line(all.license, {"license"});

  std::set<std::string> names;
  const auto add = [&](auto& to, auto one, const std::string& noun) {
    if (one == nullptr) return;
    if (!one->name.empty() && !names.insert(noun + one->name).second)
      fault("there is more than one " + noun + " " + in_quotes(one->name));
    one->plugin = plugin_.get();
    one->id = plugin_->id + "." + one->name;
    to.push_back(std::move(one));
  };
  const auto tasks = pointers(all.tasks, {"tasks"});
  for (std::size_t i = 0; i < tasks.size(); ++i) add(plugin_->task_types, task(tasks[i], i), "task type");
  const auto kinds = pointers(all.pool_kinds, {"pool_kinds"});
  for (std::size_t i = 0; i < kinds.size(); ++i) add(plugin_->pool_kinds, pool_kind(kinds[i], i), "pool kind");
  plugin_->init = code(all.init, {"init"}, false);
  plugin_->deinit = code(all.deinit, {"deinit"}, false);
  return std::move(plugin_);
}

std::unique_ptr<TaskType> DescriptionReader::task(const void* from, std::size_t index) {
  ganger_task described{};
  Place of{"task type", nullptr, index + 1};
  if (!copy(from, described, of)) return nullptr;
  auto type = std::make_unique<TaskType>();
  of.name = type->name = name(described.name, {"name", &of});
  type->summary = line(described.summary, {"summary", &of});
  type->flags = described.flags;
  look_at_flags(described.flags, kTaskFlags, of);
  type->params = params(described.params, of, type->unusable);
  type->needs = needs(described.needs, *type, of);
  type->user = described.user;
  type->check = code(described.check, {"check", &of}, false);
  type->run = code(described.run, {"run", &of}, true);
  return type;
}

std::unique_ptr<PoolKind> DescriptionReader::pool_kind(const void* from, std::size_t index) {
  ganger_pool_kind described{};
  Place of{"pool kind", nullptr, index + 1};
  if (!copy(from, described, of)) return nullptr;
  auto kind = std::make_unique<PoolKind>();
  of.name = kind->name = name(described.name, {"name", &of});
  kind->summary = line(described.summary, {"summary", &of});
  kind->interface = interface(described.interface, {"interface", &of});
  kind->flags = described.flags;
  look_at_flags(described.flags, kPoolFlags, of);
  kind->params = params(described.params, of, kind->unusable);
  look_at_api(described.api, of);
  kind->api = described.api;
  kind->user = described.user;
  kind->open = code(described.open, {"open", &of}, true);
  kind->check = code(described.check, {"check", &of}, false);
  kind->reset = code(described.reset, {"reset", &of}, false);
  kind->close = code(described.close, {"close", &of}, true);
  return kind;
}

void DescriptionReader::look_at_api(const void* api, const Place& of) {
  const Place what{"api", &of};
  std::uint32_t size = 0;
  if (api == nullptr)
    fault(what + " is NULL");
  else if (!probe_.read(api, &size, sizeof size))
    fault(what + " is not in readable memory");
  else if (size < sizeof size || size > kLargestStruct)
    fault(what + " has struct_size " + std::to_string(size) + "; it must be the size of the table");
}

std::vector<Param> DescriptionReader::params(const void* from, const Place& of, std::string& unusable) {
  std::vector<Param> all;
  std::set<std::string> names;
  const auto described = pointers(from, {"params", &of});
  for (std::size_t i = 0; i < described.size(); ++i) {
    all.push_back(param(described[i], i, of));
    const Param& one = all.back();
    if (!one.name.empty() && !names.insert(one.name).second)
      fault(of + " has more than one parameter " + in_quotes(one.name));
    if (one.type <= GANGER_SECRET) continue;
    unusable = "cannot be used on this host (ABI " + std::to_string(GANGER_ABI_MAJOR) + "." +
               std::to_string(GANGER_ABI_MINOR) + "): its parameter " + in_quotes(one.name) + " is of type " +
               std::to_string(one.type) + ", which a newer ganger may know";
    warn(of + " " + unusable);
  }
  return all;
}

Param DescriptionReader::param(const void* from, std::size_t index, const Place& of) {
  Param result;
  ganger_param described{};
  Place what{"parameter", &of, index + 1};
  if (!copy(from, described, what)) return result;
  what.name = result.name = name(described.name, {"name", &what});
  result.help = line(described.help, {"help", &what});
  result.type = described.type;
  if (described.type == GANGER_NONE) fault(Place{"type", &what} + " is none");
  result.flags = described.flags;
  look_at_flags(described.flags, kParamFlags, what);
  default_of(result, described, what);
  return result;
}

void DescriptionReader::default_of(Param& param, const ganger_param& described, const Place& what) {
  const bool is_known_type = param.type != GANGER_NONE && param.type <= GANGER_SECRET;
  if (described.choices != nullptr) {
    const std::string choices = text(described.choices, kLongestText, {"choices", &what});
    param.choices = split_choices(choices);
    Value value;
    for (const auto& choice : param.choices)
      if (is_known_type && !parse_value(choice, param.type, value))
        fault("choice " + in_quotes(choice) + " of " + what.text() + " is not " + std::string(type_name(param.type)));
  }
  if (is_known_type) param.default_values = zero_default(param);
  if (described.def == nullptr) return;

  param.has_default = true;
  const std::size_t faults_before = faults_.size();
  param.default_text = text(described.def, kLongestText, {"default", &what});
  if (param.is_required()) fault(what + " is required and has a default; it can have only one of the two");
  if (!is_known_type || faults_.size() > faults_before) return;
  if (!parse_default(param.default_text, param, param.default_values))
    fault(Place{"default", &what} + " is " + in_quotes(param.default_text) + ", which is not " +
          (param.is_list() ? "a list [...], each element " : "") + std::string(type_name(param.type)) +
          (param.choices.empty() ? "" : " that is one of " + joined(param.choices)));
}

std::vector<Need> DescriptionReader::needs(const void* from, const TaskType& task, const Place& of) {
  std::vector<Need> all;
  const auto described = pointers(from, {"needs", &of});
  for (std::size_t i = 0; i < described.size(); ++i) {
    const Place what{"need", &of, i + 1};
    ganger_need one{};
    if (!copy(described[i], one, what)) continue;
    Need need{interface(one.interface, {"interface", &what}), {}, one.count};
    if (one.count == 0) fault(Place{"count", &what} + " is 0");
    if (one.param != nullptr) {
      need.param = name(one.param, {"param", &what});
      const auto at = task.find_param(need.param);
      if (!need.param.empty() && (!at || task.params[*at].type != GANGER_STR || task.params[*at].is_list()))
        fault(Place{"param", &what} + " is " + in_quotes(need.param) + ", and " + of.text() +
              " has no parameter of that name that is a string");
    }
    all.push_back(std::move(need));
  }
  return all;
}

std::string refusal(const std::filesystem::path& file, const std::vector<std::string>& faults) {
  constexpr std::size_t kMost = 20;
  if (faults.size() == 1) return file.string() + " is refused: " + faults.front();
  std::string text = file.string() + " is refused: its description has " + std::to_string(faults.size()) + " faults:";
  for (std::size_t i = 0; i < std::min(faults.size(), kMost); ++i) text += "\n  " + faults[i];
  if (faults.size() > kMost) text += "\n  and " + std::to_string(faults.size() - kMost) + " more";
  return text;
}

}  // namespace

Result<std::unique_ptr<Plugin>> read_description(const ganger_plugin* described, const std::filesystem::path& file) {
  DescriptionReader reader;
  auto plugin = reader.read(described, file);
  if (reader.needs_newer_host()) return failure(ErrorKind::wrong_abi, file.string() + " " + reader.faults().front());
  if (!reader.faults().empty()) return failure(ErrorKind::refused, refusal(file, reader.faults()));
  return plugin;
}

bool is_plugin_id(std::string_view text) { return is_name(text, "_.-") && is_lower_or_digit(text.front()); }

}  // namespace ganger::host
