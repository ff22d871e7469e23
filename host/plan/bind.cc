#include "host/plan/bind.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "host/job/suggest.h"
#include "host/job/template_reading.h"
#include "host/plan/convert.h"

namespace ganger::host {

namespace {

/// A value of the job file that is no string with references, with the type TOML gives it.
Value plain_value(const JobValue& v) {
  if (const auto* b = std::get_if<bool>(&v.value)) return Value::of_bool(*b);
  if (const auto* i = std::get_if<std::int64_t>(&v.value)) return Value::of_integer(*i);
  if (const auto* f = std::get_if<double>(&v.value)) return Value::of_float(*f);
  return Value::of_text(*v.text());
}

template <class Items, class Name>
std::vector<std::string_view> names_of(const Items& items, Name name) {
  std::vector<std::string_view> names;
  names.reserve(items.size());
  for (const auto& item : items) names.push_back(name(item));
  return names;
}

}  // namespace

Binder::Binder(const Job& job, const Facts& facts, Errors& errors) : job_(job), facts_(facts), errors_(errors) {
  evaluate_params();
}

void Binder::add_error(std::string message, Where where) {
  errors_.push_back({ErrorKind::bad_job, std::move(message), std::move(where)});
}

void Binder::evaluate_params() {
  for (const Setting& s : job_.params) {
    if (s.value.was_wrong()) continue;
    if (s.value.list() != nullptr) {
      add_error(fmt::format("parameter '{}' of the job must be a single value", s.key), job_.where(s.value.where));
      continue;
    }
    const auto given = facts_.overrides.find(s.key);
    // What the default refers to need not be there when it is not used.
    Evaluated e;
    JobParam param;
    if (given != facts_.overrides.end() && s.value.text() != nullptr)
      e.value = Value::of_text(given->second);
    else
      e = evaluate(s.value, nullptr, &param.of);
    if (!e.is_ok) continue;
    if (given != facts_.overrides.end()) {
      param.of.texts = {given->second};
      std::string why;
      // Without the value: whether it is a secret is known only once all tasks are.
      if (!convert(Value::of_text(given->second), e.value.type, e.value, why))
        add_error(fmt::format("--param {}: {} is wanted, not what was given", s.key, wanted(e.value.type)), {});
    }
    param.of.params.insert(s.key);
    param.of.add(e.value);
    param.value = std::move(e.value);
    params_.insert_or_assign(s.key, std::move(param));
  }
  for (const auto& [name, ignored] : facts_.overrides) {
    if (std::ranges::any_of(job_.params, [&key = name](const Setting& s) { return s.key == key; })) continue;
    const auto names = names_of(job_.params, [](const Setting& s) { return std::string_view(s.key); });
    add_error(
        fmt::format("--param {}: this job has no parameter of that name{}", name, did_you_mean_one_of(name, names)),
        {});
  }
}

void Binder::Ingredients::add(const Value& value) {
  // Everybody has a truth value.
  if (value.type != GANGER_BOOL) texts.insert(value.is_text() ? value.text : shown(value));
}

void Binder::Ingredients::add(const Ingredients& other) {
  texts.insert(other.texts.begin(), other.texts.end());
  params.insert(other.params.begin(), other.params.end());
  outputs.insert(other.outputs.begin(), other.outputs.end());
}

void Binder::keep_secret(const Ingredients& of) {
  for (const std::string& text : of.texts) facts_.secrets->add(text);
  secret_.params.insert(of.params.begin(), of.params.end());
  secret_.outputs.insert(of.outputs.begin(), of.outputs.end());
}

/// Shape: of gets what the value is made from; null where nobody asks
Binder::Evaluated Binder::evaluate(const JobValue& value, std::vector<NameAt>* outputs_of, Ingredients* of) {
  Evaluated e;
  if (value.text() == nullptr || value.text()->find('$') == std::string::npos) {
    e.value = plain_value(value);
    return e;
  }
  // What is wrong in itself the job stage has reported; here is looked up what else it refers to.
  const TemplateReading reading = read_template(*value.text());
  const Template& parsed = reading.result;
  e.is_ok = reading.errors.empty();
  if (const Reference* single = parsed.single_reference();
      single != nullptr && single->kind != Reference::Kind::task_output) {
    e.is_ok &= look_up(*single, value, e.value, of);
    return e;
  }
  std::string text;
  for (const auto& piece : parsed.pieces) {
    const auto* reference = std::get_if<Reference>(&piece);
    Value v;
    if (reference == nullptr) {
      text += std::get<std::string>(piece);
    } else if (reference->kind != Reference::Kind::task_output) {
      if (look_up(*reference, value, v, of))
        text += v.is_text() ? v.text : shown(v);
      else
        e.is_ok = false;
    } else if (outputs_of == nullptr) {
      e.is_ok = false;  // they are known only while the job runs, as the job stage has said
    } else {
      outputs_of->push_back({reference->name, value.where});
      if (of != nullptr) of->outputs.insert({reference->name, reference->output});
      if (!text.empty()) e.left.pieces.emplace_back(std::exchange(text, {}));
      e.left.pieces.emplace_back(*reference);
      e.is_deferred = true;
    }
  }
  if (!e.is_deferred)
    e.value = Value::of_text(std::move(text));
  else if (!text.empty())
    e.left.pieces.emplace_back(std::move(text));
  return e;
}

bool Binder::look_up(const Reference& r, const JobValue& in, Value& out, Ingredients* of) {
  const auto wrong = [&](std::string message) {
    add_error(std::move(message), job_.where_in(in, r.offset, r.length));
    return false;
  };
  switch (r.kind) {
    case Reference::Kind::param: {
      const auto p = params_.find(r.name);
      if (p == params_.end()) return false;  // there is none, or it is wrong itself: either has been reported
      out = p->second.value;
      if (of != nullptr) of->add(p->second.of);
      return true;
    }
    case Reference::Kind::env: {
      const char* text = facts_.env(r.name);
      if (text == nullptr) return wrong(fmt::format("environment variable {} is not set", r.name));
      out = Value::of_text(text);
      if (of != nullptr) of->add(out);
      return true;
    }
    case Reference::Kind::run:
      if (r.name == "dir") uses_run_dir_ = true;
      out = Value::of_text(r.name == "id" ? facts_.run_id : facts_.run_dir.string());
      return true;
    case Reference::Kind::job:
      out = Value::of_text(job_.dir.string());
      return true;
    case Reference::Kind::task_output:
      break;
  }
  return wrong("unknown reference");
}

Binding Binder::bind(const std::vector<Param>& params, const std::vector<Setting>& with, std::string_view owner,
                     const Where& missing_at, std::vector<NameAt>* outputs_of) {
  Binding binding(params.size());
  std::vector<bool> is_given(params.size(), false);
  for (const Setting& s : with) {
    const auto param = std::ranges::find_if(params, [&](const Param& p) { return p.name == s.key; });
    if (param == params.end()) {
      const auto names = names_of(params, [](const Param& p) { return std::string_view(p.name); });
      add_error(fmt::format("{} has no parameter '{}'{}{}", owner, s.key, did_you_mean(s.key, names),
                            names.empty() ? "; it has none" : fmt::format("; it has: {}", fmt::join(names, ", "))),
                job_.where(s.where));
      continue;
    }
    const auto p = static_cast<std::size_t>(param - params.begin());
    is_given[p] = true;
    BoundParam& bound = binding[p];
    bound.where = job_.where(s.value.where);
    if (s.value.was_wrong()) continue;
    if (const JobValue::List* list = s.value.list(); list != nullptr && param->is_list()) {
      for (const JobValue& element : *list) bind_element(*param, element, outputs_of, bound);
    } else if ((list != nullptr) != param->is_list()) {
      add_error(fmt::format("parameter '{}' of {} must be {}", param->name, owner,
                            param->is_list() ? "a list such as [\"a\", \"b\"]" : "a single value, not a list"),
                bound.where);
    } else {
      bind_element(*param, s.value, outputs_of, bound);
    }
  }
  for (std::size_t p = 0; p < params.size(); ++p) {
    if (is_given[p]) continue;
    if (params[p].is_required()) {
      const std::string what = params[p].help.empty() ? wanted(params[p].type) : params[p].help;
      // What was not read from a file was typed.
      const std::string how =
          job_.source ? fmt::format("with = {{ {} = ... }}", params[p].name) : params[p].name + "=VALUE";
      add_error(fmt::format("{} needs parameter '{}' ({}): {}", owner, params[p].name, what, how), missing_at);
    }
    binding[p].values = params[p].default_values;
    for (Value& v : binding[p].values)
      if (v.type == GANGER_PATH && !v.text.empty())
        v.text = (facts_.current_dir / v.text).lexically_normal().string();
  }
  return binding;
}

void Binder::bind_element(const Param& param, const JobValue& value, std::vector<NameAt>* outputs_of,
                          BoundParam& bound) {
  if (value.was_wrong()) return;
  const bool is_secret = param.type == GANGER_SECRET;
  Ingredients of;
  Evaluated e = evaluate(value, outputs_of, is_secret ? &of : nullptr);
  if (is_secret) {
    if (e.is_ok && !e.is_deferred) of.add(e.value);
    keep_secret(of);
  }
  if (!e.is_ok) return;
  if (e.is_deferred) {
    bound.deferred.resize(bound.values.size());
    bound.deferred.emplace_back(std::move(e.left));
    bound.values.emplace_back();
    return;
  }
  Value v;
  std::string why;
  if (!convert(e.value, param.type, v, why) || !is_choice(param, v, why)) {
    add_error(fmt::format("parameter '{}': {}", param.name, why), job_.where(value.where));
    return;
  }
  if (v.type == GANGER_PATH && !v.text.empty()) v.text = (facts_.current_dir / v.text).lexically_normal().string();
  bound.values.push_back(std::move(v));
  if (!bound.deferred.empty()) bound.deferred.emplace_back();
}

}  // namespace ganger::host
