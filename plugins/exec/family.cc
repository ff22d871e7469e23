#include "family.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include "descriptor.h"
#include "shared_look.h"
#include "sweeper.h"

namespace ganger::exec {

namespace {

using std::chrono::steady_clock;

constexpr auto kLongestEnd = std::chrono::seconds(1);
constexpr auto kFirstWait = std::chrono::microseconds(200);

/// How long somebody without an environment may be in the middle of an exec.
constexpr auto kLongestExec = std::chrono::milliseconds(100);

/// Many commands that end at the same time look at the table once, and not each of them at what all have started.
std::shared_ptr<const Processes> look_at_processes() {
  static SharedLook<Processes> shared([] {
    auto groups = watched_groups();  // first: what one that ends now leaves is looked at more closely
    return Processes{std::move(groups), list_processes()};
  });
  return shared.now();
}

}  // namespace

Family::Family(pid_t leader, std::string cookie)
    : leader_(leader), cookie_(std::move(cookie)), oldest_(ticks_before_now()), groups_{leader} {}

bool Family::has_group() const {
  const auto is_there = [&] { return kill(-leader_, 0) == 0 || errno == EPERM; };
  if (!is_there()) return false;
  // Orphans of it that have ended may be children of this process, and count as long as nobody has waited for them.
  while (waitpid(-leader_, nullptr, WNOHANG) > 0) {
  }
  return is_there();
}

/// Those that are no zombies.
std::vector<ProcessEntry> Family::find() {
  std::vector<ProcessEntry> members, others;
  seen_ = look_at_processes();
  const auto& all = seen_->all;
  const auto is_of_another = [&](const ProcessEntry& p) {
    return p.group != leader_ && std::binary_search(seen_->groups.begin(), seen_->groups.end(), p.group);
  };
  // The number stays taken while the group has members. Once a new process has it, the group is another one's.
  const bool is_taken =
      is_leader_reaped_ && std::any_of(all.begin(), all.end(), [&](const auto& p) { return p.pid == leader_; });
  const pid_t here = getpid();
  is_unsure_ = false;
  for (const auto& p : all) {
    if (p.is_zombie || p.pid == here || p.started < oldest_) continue;
    const bool is_in_group = groups_.count(p.group) > 0 && !(is_taken && p.group == leader_);
    bool is_member = is_in_group || (p.pid == leader_ && !is_leader_reaped_);
    if (!is_member && !is_of_another(p)) {
      const auto has_cookie = has_in_environment(p.pid, cookie_);
      is_member = has_cookie.value_or(false);
      if (!has_cookie) is_unsure_ = true;
    }
    (is_member ? members : others).push_back(p);
  }
  // The children of members, until there are no more. A leader that has ended has none.
  for (std::size_t i = 0; i < members.size(); ++i) {
    const pid_t parent = members[i].pid;
    const auto first =
        std::partition(others.begin(), others.end(), [&](const auto& p) { return p.parent != parent; });
    members.insert(members.end(), first, others.end());
    others.erase(first, others.end());
  }
  return members;
}

void Family::note(const ProcessEntry& member) {
  told_.insert({member.pid, member.started});
  if (member.group != getpgrp()) groups_.insert(member.group);
}

/// By a descriptor, so that what has the number by now is not taken for what was found.
void Family::signal(const ProcessEntry& member, int signal) {
  if (member.pid == leader_ && !is_leader_reaped_) {
    kill(leader_, signal);  // nobody else can have its number
    return;
  }
  const Descriptor pidfd(static_cast<int>(syscall(SYS_pidfd_open, member.pid, 0)));
  const auto now = find_process(member.pid);
  if (!now || now->started != member.started) return;
  note(member);
  if (pidfd.is_open())
    syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0);
  else
    kill(member.pid, signal);  // no descriptor is left, and this must still end
}

bool Family::is_running() {
  const bool is_any = !find().empty();
  is_gone_ = !is_any && !is_unsure_ && reap();
  return is_any;
}

void Family::ask_to_end() {
  const auto members = find();
  // All of the group at the same moment, also those that are being started now.
  if (!is_leader_reaped_) kill(-leader_, SIGTERM);
  for (const auto& member : members) {
    const bool has_it_already = !is_leader_reaped_ && member.group == leader_;
    if (has_it_already && member.pid != leader_)
      note(member);
    else if (!has_it_already)
      signal(member, SIGTERM);
    if (!has_it_already) signal(member, SIGCONT);
  }
  if (!is_leader_reaped_) kill(-leader_, SIGCONT);
}

/// Returns true when none of the family is ending still, or is a zombie that this process has to wait for.
bool Family::reap() const {
  bool is_done = true;
  for (const auto& p : seen_->all) {
    if (p.pid == leader_ || (told_.count({p.pid, p.started}) == 0 && groups_.count(p.group) == 0)) continue;
    if (!p.is_zombie || (p.parent == getpid() && waitpid(p.pid, nullptr, WNOHANG) == 0)) is_done = false;
  }
  return is_done;
}

void Family::end() {
  if (is_gone_) return;
  const auto begin = steady_clock::now();
  const auto until = begin + kLongestEnd;
  for (auto pause = kFirstWait;; pause *= 2) {
    const auto members = find();
    for (const auto& member : members) signal(member, SIGKILL);
    if (!is_leader_reaped_) kill(-leader_, SIGKILL);  // those, too, that were started meanwhile
    const bool is_sure = !is_unsure_ || steady_clock::now() >= begin + kLongestExec;
    if (members.empty() && is_sure && reap()) return;
    if (steady_clock::now() >= until) return;
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace ganger::exec
