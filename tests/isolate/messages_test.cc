#include "host/isolate/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace ganger::host {
namespace {

std::vector<Values> every_value() {
  return {{Value::of_bool(true)},
          {Value::of_integer(std::numeric_limits<std::int64_t>::min())},
          {Value::of_float(-0.5)},
          {Value::of_text(std::string("a\0b\xff", 4))},
          {Value::of_text("/p", GANGER_PATH), Value::of_text("s", GANGER_SECRET)},
          {Value::of_integer(5, GANGER_DURATION_NS), Value::of_integer(6, GANGER_SIZE)},
          {}};
}

SetupMessage setup() {
  PoolMessage pool{.name = "db", .interface = "i/1", .kind = "k", .plugin_file = "/q.so", .digest = "d"};
  pool.size = 3;
  pool.has_limit = true;
  pool.idle_timeout_ns = 9;
  pool.values = every_value();
  SetupMessage message{.plugin_file = "/p.so", .digest = "abc", .pools = {pool, pool}};
  message.sandbox = {.reads_all = false, .read = {"/r"}, .write = {"/w", "/v"}, .memory_bytes = 7, .network = false};
  message.writable = "/run";
  message.workers = 4;
  message.log_level = GANGER_LOG_WARN;
  message.wants_progress = true;
  return message;
}

/// A round trip gives the same bytes, and no part of them is a message of its own.
template <class Message>
void holds(const Message& message) {
  const std::string bytes = encode(message);
  const auto back = decode<Message>(bytes);

  ASSERT_TRUE(back);
  EXPECT_EQ(encode(*back), bytes);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(decode<Message>(std::string_view(bytes).substr(0, n))) << n << " of " << bytes.size();
  EXPECT_FALSE(decode<Message>(bytes + "x"));
}

TEST(Messages, EveryOneComesBackWholeOrNotAtAll) {
  holds(setup());
  holds(CallMessage{.type = "t", .task = "n", .attempt = 2, .deadline_ns = -3, .values = every_value()});
  holds(StopMessage{GANGER_STOP_USER});
  holds(ReplyMessage{.request = 1, .is_found = true, .value = Value::of_text("v"), .text = "t"});
  holds(ReplyMessage{.request = 2, .end = AcquireEnd::timed_out, .place = 8, .waited_ns = 9});
  holds(ReadyMessage{{"one", "two"}, {"three"}});
  holds(RefusedMessage{GANGER_RETRY, "why"});
  holds(LogMessage{GANGER_LOG_INFO, "line"});
  holds(ProgressMessage{1, 2, "what"});
  holds(InputMessage{1, "task", "name"});
  holds(WorkDirMessage{5});
  holds(PlaceMessage{1, 2, -1, true});
  holds(PlaceFilledMessage{1, 1ull << 40, Filling::cut_short, "why"});
  holds(PlaceBackMessage{1, 1ull << 40});
  holds(ResultMessage{.status = GANGER_FAILED,
                      .why = "w",
                      .outputs = {{"a", Value::of_text("x")}, {"b", Value::of_float(2)}},
                      .processes = 3,
                      .resident_bytes = 1ull << 40});
}

TEST(Messages, ValuesKeepTheirTypes) {
  const auto back = decode<CallMessage>(encode(CallMessage{.type = "t", .task = "n", .values = every_value()}));

  ASSERT_TRUE(back);
  ASSERT_EQ(back->values.size(), 7u);
  EXPECT_EQ(back->values[1][0].i, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(back->values[2][0].f, -0.5);
  EXPECT_EQ(back->values[3][0].text, std::string("a\0b\xff", 4));
  EXPECT_EQ(back->values[4][1].type, std::uint32_t{GANGER_SECRET});
  EXPECT_EQ(back->values[5][0].type, std::uint32_t{GANGER_DURATION_NS});
  EXPECT_TRUE(back->values[6].empty());
}

TEST(Messages, ACallIsTheSameWithoutCopiesOfItsValues) {
  const CallMessage call{.type = "t", .task = "n", .attempt = 1, .deadline_ns = 4, .values = every_value()};
  std::vector<const Values*> values;
  for (const Values& v : call.values) values.push_back(&v);

  EXPECT_EQ(encode_call({.type = "t", .task = "n", .attempt = 1, .deadline_ns = 4, .values = {}}, values),
            encode(call));
}

TEST(Messages, OutputsThatTheHostWouldNotHaveTakenAreNone) {
  const auto with = [](const char* name, Value value) {
    return encode(ResultMessage{.status = GANGER_OK, .why = "", .outputs = {{name, std::move(value)}}});
  };

  EXPECT_TRUE(decode<ResultMessage>(with("fine", Value::of_text("x"))));
  EXPECT_FALSE(decode<ResultMessage>(with("no name", Value::of_text("x"))));
  EXPECT_FALSE(decode<ResultMessage>(with("large", Value::of_text(std::string(kMostOutputBytes, 'x')))));
  EXPECT_FALSE(decode<ResultMessage>(with("strange", Value::of_integer(1, 99))));
}

TEST(Messages, AnEnumeratorThatIsNoneIsAnError) {
  std::string bytes = encode(PlaceFilledMessage{1, 2, Filling::failed});
  bytes.back() = 77;

  EXPECT_FALSE(decode<PlaceFilledMessage>(bytes));
}

}  // namespace
}  // namespace ganger::host
