#include "host/journal/schema.h"

#include <fmt/format.h>

#include <array>

namespace ganger::host {

namespace {

// "GNGR", in the database's application_id: what file(1) and we know it by.
constexpr std::int64_t kApplication = 0x474e4752;

// Step n makes version n + 1 out of version n. A step is never changed once it has been released.
//
// runs: `states` is the ledger, kept when a run has ended. settings: kind = param | secret | plugin | option.
// tasks: `number` is the place in the ledger and stays; `position` is the place in the plan, null for a task that is
// no longer in it. events: a start and the finish that comes soon after are one row, of the finish, with
// `started_ns`. outputs: type = a tag of the ABI; a secret has no value.
constexpr std::array<const char*, kSchemaVersion> kSteps = {
    R"sql(
create table runs(
  number integer primary key,
  id text not null unique,
  job text not null,
  job_file text not null,
  job_digest text not null,
  current_dir text not null,
  command text not null,
  total integer not null,
  started_ns integer not null,
  ended_ns integer,
  end text,
  exit_code integer
) strict;
create index runs_by_time on runs(started_ns);
create table settings(
  run integer not null references runs on delete cascade,
  kind text not null,
  position integer not null,
  name text not null,
  value text,
  primary key(run, kind, position)
) strict, without rowid;
create table tasks(
  run integer not null references runs on delete cascade,
  number integer not null,
  position integer,
  name text not null,
  type text not null,
  primary key(run, number)
) strict, without rowid;
create table events(
  run integer not null references runs on delete cascade,
  session integer not null,
  seq integer not null,
  time_ns integer not null,
  kind text not null,
  task integer,
  attempt integer,
  worker integer,
  outcome text,
  started_ns integer,
  run_ns integer,
  wait_ns integer,
  pool text,
  lease integer,
  level integer,
  total integer,
  exit_code integer,
  text text,
  primary key(run, session, seq)
) strict, without rowid;
create table outputs(
  run integer not null references runs on delete cascade,
  task integer not null,
  name text not null,
  type integer not null,
  value any,
  primary key(run, task, name)
) strict, without rowid;
)sql",
    R"sql(
alter table runs add column sessions integer not null default 1;
alter table runs add column states blob;
)sql"};

Result<bool> is_ours(Database& database, std::int64_t version) {
  const auto application = database.number("pragma application_id");
  if (!application) return tl::unexpected(application.error());
  // Without an id, it has nothing yet or what version 1 had.
  const auto tables = database.number(version == 0 ? "select count(*) from sqlite_master"
                                                   : "select count(*) from sqlite_master where name in "
                                                     "('runs', 'settings', 'tasks', 'events', 'outputs')");
  if (!tables) return tl::unexpected(tables.error());
  if (version == 0) return *tables == 0;
  return *application == kApplication || (*application == 0 && *tables == 5);
}

/// The version of a journal; not of a newer one than is known here.
Result<std::int64_t> known_version(Database& database) {
  auto version = database.number("pragma user_version");
  if (!version) return version;
  const auto ours = is_ours(database, *version);
  if (!ours) return tl::unexpected(ours.error());
  if (!*ours)
    return failure(ErrorKind::configuration, fmt::format("{} is a database, but no journal of ganger's; move it away "
                                                         "or choose another folder with --state-dir",
                                                         database.file().string()));
  if (*version > kSchemaVersion)
    return failure(ErrorKind::configuration,
                   fmt::format("journal {} has version {}, which a newer ganger has written; this one knows versions "
                               "up to {}: use the newer one, or another folder with --state-dir",
                               database.file().string(), *version, kSchemaVersion));
  return version;
}

}  // namespace

Result<void> check_version(Database& database) {
  const auto version = known_version(database);
  if (!version) return tl::unexpected(version.error());
  if (*version == kSchemaVersion) return {};
  return failure(ErrorKind::io,
                 fmt::format("journal {} has version {} and cannot be brought up to {}, since it may not be written; "
                             "copy the folder, and read the copy with --state-dir",
                             database.file().string(), *version, kSchemaVersion));
}

Result<void> bring_up_to_date(Database& database) {
  const auto version = known_version(database);
  if (!version) return tl::unexpected(version.error());
  if (*version == kSchemaVersion) return {};
  return database.in_transaction([&]() -> Result<void> {
    for (auto step = static_cast<std::size_t>(*version); step < kSteps.size(); ++step)
      if (auto done = database.run(kSteps[step]); !done) return done;
    return database.run(
        fmt::format("pragma application_id={}; pragma user_version={}", kApplication, kSchemaVersion).c_str());
  });
}

}  // namespace ganger::host
