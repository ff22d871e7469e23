// What GANGER_PLUGIN makes of an author's classes.
#include <gtest/gtest.h>

#include <array>
#include <ganger/plugin.hpp>
#include <ganger/testing.hpp>
#include <string>

namespace {

struct Copy {
  static constexpr const char* name = "copy";
  static constexpr const char* summary = "Copies a file";
  static constexpr auto flags = ganger::heavy | ganger::idempotent;
  static constexpr ganger::param params[] = {
      {"from", GANGER_PATH, "what to copy", nullptr, ganger::required},
      {"mode", GANGER_STR, "how", "\"fast\"", 0, "fast|safe"},
  };
  static constexpr ganger::need needs[] = {{"ganger.sql/1", "from"}, {"ganger.buffer/1", nullptr, 2}};
  static void check(ganger::ctx& c) {
    if (c.get<std::string>("from") == "/") throw ganger::error(GANGER_BAD_PARAM, "'from' is a folder");
  }
  void run(ganger::ctx&) {}
};

struct Plain {
  static constexpr const char* name = "plain";
  static constexpr const char* summary = "Does nothing";
  static constexpr std::array<ganger::param, 1> params{{{"n", GANGER_I64, "any number"}}};
  void run(const ganger::ctx&) {}
};

/// Counts what happens to its connections.
struct Connection {
  static inline int opened = 0, closed = 0;
  static inline bool is_healthy = true;
  static constexpr const char* name = "connection";
  static constexpr const char* summary = "A connection";
  static constexpr const char* interface = "test.connection/1";
  static constexpr ganger::param params[] = {{"path", GANGER_STR, "where to"}};
  static const int* api() {
    static const int table = sizeof(int);
    return &table;
  }
  static Connection* open(ganger::ctx& c) {
    if (c.get<std::string>("path") == "nowhere") throw ganger::error(GANGER_RETRY, "no route");
    if (c.get<std::string>("path") == "null") return nullptr;
    ++opened;
    return new Connection;
  }
  static bool check(Connection*) { return is_healthy; }
  static bool reset(Connection*) {
    if (!is_healthy) throw ganger::error("gone");
    return true;
  }
  static void close(Connection* c) {
    ++closed;
    delete c;
    ganger::log(GANGER_LOG_INFO, "closed one");
    throw ganger::error("nobody hears this");
  }
};

GANGER_PLUGIN_LICENSED("test", "1.2.3", "Apache-2.0", Copy, Connection, Plain)

const ganger_plugin& described() { return *ganger_plugin_v1(ganger::testing::host::table()); }

TEST(Description, HasTheIdentityOfThePlugin) {
  const ganger_plugin& p = described();

  EXPECT_EQ(p.struct_size, sizeof(ganger_plugin));
  EXPECT_EQ(p.abi_minor, GANGER_ABI_MINOR);
  EXPECT_EQ(p.min_host_minor, 0U);
  EXPECT_STREQ(p.id, "test");
  EXPECT_STREQ(p.version, "1.2.3");
  EXPECT_STREQ(p.license, "Apache-2.0");
}

TEST(Description, SortsTheClassesIntoTasksAndPoolKindsInTheirOrder) {
  const ganger_plugin& p = described();

  EXPECT_STREQ(p.tasks[0]->name, "copy");
  EXPECT_STREQ(p.tasks[1]->name, "plain");
  EXPECT_EQ(p.tasks[2], nullptr);
  EXPECT_STREQ(p.pool_kinds[0]->name, "connection");
  EXPECT_EQ(p.pool_kinds[1], nullptr);
}

TEST(Description, IsTheSameAtEveryCall) { EXPECT_EQ(&described(), &described()); }

TEST(Description, HasTheParametersOfATask) {
  const ganger_task& t = *described().tasks[0];

  EXPECT_EQ(t.params[0]->struct_size, sizeof(ganger_param));
  EXPECT_STREQ(t.params[0]->name, "from");
  EXPECT_EQ(t.params[0]->type, std::uint32_t{GANGER_PATH});
  EXPECT_EQ(t.params[0]->flags, std::uint32_t{GANGER_PARAM_REQUIRED});
  EXPECT_EQ(t.params[0]->def, nullptr);
  EXPECT_STREQ(t.params[1]->def, "\"fast\"");
  EXPECT_STREQ(t.params[1]->choices, "fast|safe");
  EXPECT_EQ(t.params[2], nullptr);
}

TEST(Description, TakesParametersFromAnArrayObjectToo) {
  const ganger_task& t = *described().tasks[1];

  EXPECT_STREQ(t.params[0]->name, "n");
  EXPECT_EQ(t.params[1], nullptr);
}

TEST(Description, HasTheFlagsAndNeedsOfATask) {
  const ganger_task& copy = *described().tasks[0];
  const ganger_task& plain = *described().tasks[1];

  EXPECT_EQ(copy.flags, std::uint32_t{GANGER_TASK_HEAVY | GANGER_TASK_IDEMPOTENT});
  EXPECT_STREQ(copy.needs[0]->interface, "ganger.sql/1");
  EXPECT_STREQ(copy.needs[0]->param, "from");
  EXPECT_EQ(copy.needs[1]->count, 2U);
  EXPECT_EQ(copy.needs[2], nullptr);
  EXPECT_EQ(plain.flags, 0U);
  EXPECT_EQ(plain.needs, nullptr);
  EXPECT_EQ(plain.check, nullptr);
}

TEST(Description, CheckReportsWhatItThrows) {
  ganger::testing::host h;
  h.param("from", "/");

  const auto r = h.check(ganger_plugin_v1, "copy");

  EXPECT_EQ(r.status, GANGER_BAD_PARAM);
  EXPECT_EQ(r.why, "'from' is a folder");
}

// ---- a pool kind under the wrapper

struct Borrow {
  static constexpr const char* name = "borrow";
  static constexpr const char* summary = "Borrows twice, one after the other";
  void run(ganger::ctx& c) {
    for (int i = 0; i < 2; ++i) {
      auto lease = c.borrow<int>("test.connection/1");
      if (i == 0) Connection::is_healthy = healthy_after_first;
    }
  }
  static inline bool healthy_after_first = true;
};

class PoolKind : public ::testing::Test {
 protected:
  PoolKind() {
    Connection::opened = Connection::closed = 0;
    Connection::is_healthy = Borrow::healthy_after_first = true;
    described();  // so that the plugin knows its host
  }
  ganger::testing::result run_with_path(const char* path) {
    ganger::testing::host h;
    h.pool_of<Connection>("db", {{"path", path}});
    return h.run<Borrow>();
  }
};

TEST_F(PoolKind, LendsTheSameResourceAgain) {
  const auto r = run_with_path("here");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(Connection::opened, 1);
  EXPECT_EQ(Connection::closed, 1);
}

TEST_F(PoolKind, ClosesWhatCannotBeReset) {
  Borrow::healthy_after_first = false;

  const auto r = run_with_path("here");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(Connection::opened, 2);
  EXPECT_EQ(Connection::closed, 2);
}

TEST_F(PoolKind, LogsWithoutACtx) {
  const auto r = run_with_path("here");

  EXPECT_TRUE(r.logged("closed one")) << r;
}

TEST_F(PoolKind, AFailureToOpenKeepsItsReason) {
  const auto r = run_with_path("nowhere");

  EXPECT_EQ(r.status, GANGER_NO_RESOURCE);
  EXPECT_EQ(r.why, "no route");
  EXPECT_EQ(Connection::closed, 0);
}

TEST_F(PoolKind, OpeningNothingIsABug) {
  const auto r = run_with_path("null");

  EXPECT_EQ(r.status, GANGER_NO_RESOURCE);
  EXPECT_EQ(r.why, "open() returned nullptr; throw ganger::error instead");
  EXPECT_EQ(Connection::closed, 0);
}

TEST_F(PoolKind, CheckAndResetSayBugWhenTheyThrow) {
  const ganger_pool_kind& k = *described().pool_kinds[0];
  Connection connection;
  Connection::is_healthy = false;

  EXPECT_EQ(k.check(k.user, &connection), GANGER_FAILED);
  EXPECT_EQ(k.reset(k.user, &connection), GANGER_BUG);
}

}  // namespace
