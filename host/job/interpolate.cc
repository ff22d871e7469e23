#include "host/job/interpolate.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "host/job/suggest.h"
#include "host/job/template_reading.h"
#include "host/text.h"

namespace ganger::host {
namespace {

constexpr std::string_view kOpen = "${";
constexpr std::string_view kEscaped = "$${";

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool is_word(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_word_character); }

/// Reads one string into pieces and errors.
class TemplateParser {
 public:
  explicit TemplateParser(std::string_view text) : text_(text) {}

  TemplateReading read() {
    while (at_ < text_.size()) take_one();
    take_literal();
    return std::move(reading_);
  }

 private:
  void take_one() {
    const std::size_t next = std::min(text_.find('$', at_), text_.size());
    literal_ += text_.substr(at_, next - at_);
    at_ = next;
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with(kEscaped)) {
      literal_ += kOpen;
      at_ += kEscaped.size();
    } else if (rest.starts_with(kOpen)) {
      take_reference(rest);
    } else if (!rest.empty()) {
      literal_ += '$';
      ++at_;
    }
  }

  void take_reference(std::string_view rest) {
    const std::string_view inside = rest.substr(kOpen.size());
    const std::size_t end = inside.find_first_of("}{$\n");
    if (end == std::string_view::npos || inside[end] != '}') {
      error(kOpen.size(), "is not closed; add '}', or write '$${' for a literal '${'");
      at_ += kOpen.size();
      return;
    }
    const std::size_t length = kOpen.size() + end + 1;
    std::optional<Reference> reference = read_reference(inside.substr(0, end), length);
    if (reference) {
      reference->offset = at_;
      reference->length = length;
      take_literal();
      reading_.result.pieces.emplace_back(std::move(*reference));
    }
    at_ += length;
  }

  void take_literal() {
    if (!literal_.empty()) reading_.result.pieces.emplace_back(std::exchange(literal_, {}));
  }

  std::optional<Reference> read_reference(std::string_view inside, std::size_t length) {
    const std::size_t dot = inside.find('.');
    const std::string_view scope = inside.substr(0, dot);
    const std::string_view rest = dot == std::string_view::npos ? std::string_view{} : inside.substr(dot + 1);
    using Kind = Reference::Kind;
    if (scope == "params") return named(Kind::param, rest, length, "a parameter of the job, as in '${params.root}'");
    if (scope == "env") return named(Kind::env, rest, length, "an environment variable, as in '${env.HOME}'");
    if (scope == "run") return property(Kind::run, rest, length, {"id", "dir"}, "'${run.id}' or '${run.dir}'");
    if (scope == "job") return property(Kind::job, rest, length, {"dir"}, "'${job.dir}'");
    if (scope == "tasks") return task_output(rest, length);

    const std::optional<std::string> meant = closest(scope, {"params", "env", "run", "job", "tasks"});
    const std::string hint =
        meant ? fmt::format(" (did you mean '${{{}.{}}}'?)", *meant, excerpt(rest))
              : "; there are params, env, run, job and tasks, as in '${params.root}', and '$${' is a literal '${'";
    error(length, "refers to nothing" + hint);
    return {};
  }

  std::optional<Reference> named(Reference::Kind kind, std::string_view name, std::size_t length,
                                 const std::string& wanted) {
    if (is_word(name)) return Reference{.kind = kind, .name = std::string(name)};
    error(length, "must name " + wanted);
    return {};
  }

  std::optional<Reference> property(Reference::Kind kind, std::string_view name, std::size_t length,
                                    const std::vector<std::string_view>& known, const std::string& wanted) {
    if (std::ranges::find(known, name) != known.end()) return Reference{.kind = kind, .name = std::string(name)};
    error(length, "refers to nothing; there is " + wanted);
    return {};
  }

  std::optional<Reference> task_output(std::string_view rest, std::size_t length) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    const std::string_view task = rest.substr(0, dot);
    const std::string_view output = rest.substr(std::min(dot + 1, rest.size()));
    if (is_word(task) && is_word(output)) {
      return Reference{
          .kind = Reference::Kind::task_output, .name = std::string(task), .output = std::string(output)};
    }
    error(length, "must name a task and one of its outputs, as in '${tasks.scan.list}'");
    return {};
  }

  /// About the `length` bytes here, which the message begins with.
  void error(std::size_t length, std::string_view problem) {
    reading_.errors.push_back({fmt::format("'{}' {}", excerpt(text_.substr(at_, length)), problem), at_, length});
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string literal_;  // not yet a piece
  TemplateReading reading_;
};

}  // namespace

bool Template::has_references() const {
  return std::ranges::any_of(pieces, [](const auto& piece) { return std::holds_alternative<Reference>(piece); });
}

bool Template::has_task_reference() const {
  return std::ranges::any_of(pieces, [](const auto& piece) {
    const auto* reference = std::get_if<Reference>(&piece);
    return reference != nullptr && reference->kind == Reference::Kind::task_output;
  });
}

const Reference* Template::single_reference() const {
  return pieces.size() == 1 ? std::get_if<Reference>(&pieces[0]) : nullptr;
}

TemplateReading read_template(std::string_view text) { return TemplateParser(text).read(); }

tl::expected<Template, std::vector<TemplateError>> parse_template(std::string_view text) {
  TemplateReading reading = read_template(text);
  if (!reading.errors.empty()) return tl::unexpected(std::move(reading.errors));
  return std::move(reading.result);
}

}  // namespace ganger::host
