#include "host/isolate/child/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <utility>

#include "host/text.h"

namespace ganger::host {
namespace {

const std::string kDigest(64, 'a');

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
  PoolMessage pool{.name = "db", .interface = "i/1", .kind = "k", .plugin_file = "/q.so", .digest = kDigest};
  pool.size = 3;
  pool.has_limit = true;
  pool.idle_timeout_ns = 9;
  pool.values = every_value();
  SetupMessage message{.plugin_file = "/p.so", .digest = kDigest, .pools = {pool, pool}};
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
  holds(CallMessage{.type = "t",
                    .task = "n",
                    .attempt = 2,
                    .deadline_ns = -3,
                    .secret_outputs = {"o", "p"},
                    .values = every_value()});
  holds(SecretOutputMessage{.request = 3, .name = "o", .value = Value::of_text("s", GANGER_SECRET)});
  holds(StopMessage{GANGER_STOP_USER});
  holds(ReplyMessage{.request = 1, .is_found = true, .value = Value::of_text("v"), .text = "t"});
  holds(ReplyMessage{.request = 2, .end = AcquireEnd::timed_out, .place = 8, .waited_ns = 9});
  holds(ReadyMessage{{"one", "two"}, {"three"}});
  holds(RefusedMessage{true, GANGER_RETRY, "why"});
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

/// What encode() has no trouble with and decode() takes for no message. Each is one that is good but for what `spoil`
/// does to it.
template <class Message, class Spoil>
void refuses(Message message, Spoil spoil, const char* what) {
  ASSERT_TRUE(decode<Message>(encode(message))) << what;
  spoil(message);
  EXPECT_FALSE(decode<Message>(encode(message))) << what;
}
#define REFUSES(message, spoil) \
  refuses(                      \
      message, [](auto& m) { spoil; }, #spoil)

const std::string kTooLong(kMostTakenBytes + 1, 'x');
const char* const kNoNames[] = {"", "Upper", "with space", "a/b", "a\nb"};

TEST(Messages, ASetupWithAFieldThatItMayNotHaveIsNone) {
  REFUSES(setup(), m.plugin_file.push_back('\0'));
  REFUSES(setup(), m.digest = "abc");
  REFUSES(setup(), m.digest = std::string(64, 'G'));
  REFUSES(setup(), m.sandbox.read.emplace_back(std::string("/a\0b", 4)));
  REFUSES(setup(), m.sandbox.write.emplace_back(std::string("/a\0b", 4)));
  REFUSES(setup(), m.writable.push_back('\0'));
  REFUSES(setup(), m.workers = 0);
  REFUSES(setup(), m.log_level = GANGER_LOG_ERROR + 1);
  REFUSES(setup(), m.log_level = -1);
  REFUSES(setup(), m.pools[1].interface = "\x1b[31m");
  REFUSES(setup(), m.pools[1].interface = std::string(kMostTextBytes + 1, 'x'));
  REFUSES(setup(), m.pools[1].kind = "no name");
  REFUSES(setup(), m.pools[1].plugin_file.push_back('\0'));
  REFUSES(setup(), m.pools[1].digest = "abc");
  REFUSES(setup(), m.pools[1].size = 0);
  REFUSES(setup(), m.pools[1].idle_timeout_ns = -2);
  REFUSES(setup(), m.pools[1].max_lifetime_ns = -2);
  REFUSES(setup(), m.pools[1].values[0][0].type = 99);
  for (const char* name : kNoNames)
    refuses(
        setup(), [=](SetupMessage& m) { m.pools[0].name = name; }, name);
}

TEST(Messages, ABooleanIsZeroOrOne) {
  std::string setup_bytes = encode(setup());
  setup_bytes.back() = 2;  // wants_progress
  std::string place_bytes = encode(PlaceMessage{1, 2, -1, true});
  place_bytes.back() = 2;
  std::string reply_bytes = encode(ReplyMessage{.request = 1});
  reply_bytes[sizeof(std::uint32_t)] = 2;

  EXPECT_FALSE(decode<SetupMessage>(setup_bytes));
  EXPECT_FALSE(decode<PlaceMessage>(place_bytes));
  EXPECT_FALSE(decode<ReplyMessage>(reply_bytes));
}

TEST(Messages, ACallWithAFieldThatItMayNotHaveIsNone) {
  const CallMessage call{.type = "t", .task = "n", .attempt = 1, .deadline_ns = 4, .values = every_value()};

  REFUSES(call, m.attempt = 0);
  REFUSES(call, m.values[1][0].type = GANGER_NONE);
  REFUSES(call, m.values[1][0].type = 9);
  REFUSES(call, m.values[0][0].i = 2);
  for (const char* name : kNoNames) {
    refuses(
        call, [=](CallMessage& m) { m.type = name; }, name);
    refuses(
        call, [=](CallMessage& m) { m.task = name; }, name);
  }
}

TEST(Messages, AnAnswerWithAFieldThatItMayNotHaveIsNone) {
  REFUSES(StopMessage{GANGER_STOP_USER}, m.reason = GANGER_RUNNING);
  REFUSES(StopMessage{GANGER_STOP_USER}, m.reason = GANGER_STOP_UPSTREAM + 1);
  REFUSES(ReplyMessage{.request = 1}, m.value.type = 9);
  REFUSES(ReplyMessage{.request = 1}, m.value.i = 1);  // of none
  REFUSES(ReplyMessage{.request = 1}, m.text = kTooLong);
  REFUSES(ReplyMessage{.request = 1}, m.end = static_cast<AcquireEnd>(5));
  REFUSES(ReplyMessage{.request = 1}, m.waited_ns = -1);
}

TEST(Messages, WhatAChildSaysWithAFieldThatItMayNotHaveIsNothing) {
  REFUSES(ReadyMessage{}, m.missing.emplace_back("two\nlines"));
  REFUSES(ReadyMessage{}, m.ungranted.emplace_back("\xff"));
  REFUSES(ReadyMessage{}, m.ungranted.emplace_back(kMostTextBytes + 1, 'x'));
  REFUSES(RefusedMessage{}, m.status = GANGER_OK);
  REFUSES(RefusedMessage{}, m.status = GANGER_CANCELLED);
  REFUSES(RefusedMessage{}, m.why = kTooLong);
  REFUSES(LogMessage{}, m.level = 99);
  REFUSES(LogMessage{}, m.level = GANGER_LOG_ERROR + 1);
  REFUSES(LogMessage{}, m.level = -1);
  REFUSES(LogMessage{}, m.line = kTooLong);
  REFUSES(ProgressMessage{}, m.what = kTooLong);
  REFUSES(PlaceMessage{}, m.wait_ns = -2);
  REFUSES(PlaceFilledMessage{}, m.why = kTooLong);
  REFUSES(PlaceFilledMessage{}, m.filling = static_cast<Filling>(4));
  REFUSES(ResultMessage{}, m.why = kTooLong);
  REFUSES(ResultMessage{}, m.outputs["no name"] = Value::of_text("x"));
  REFUSES(ResultMessage{}, m.outputs["flag"] = Value::of_integer(2, GANGER_BOOL));
  REFUSES(ResultMessage{}, m.outputs["none"] = Value());
  for (const char* name : kNoNames) {
    refuses(
        InputMessage{1, "task", "name"}, [=](InputMessage& m) { m.task = name; }, name);
    refuses(
        InputMessage{1, "task", "name"}, [=](InputMessage& m) { m.name = name; }, name);
  }
}

TEST(Messages, ATextOfAPluginMayHoldAnyBytes) {
  EXPECT_TRUE(decode<LogMessage>(encode(LogMessage{GANGER_LOG_INFO, std::string("\0\xff\n", 3)})));
  EXPECT_TRUE(
      decode<ResultMessage>(encode(ResultMessage{.status = -7, .why = std::string(kMostTakenBytes, '\xff')})));
}

}  // namespace
}  // namespace ganger::host
