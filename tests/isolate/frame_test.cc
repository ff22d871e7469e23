#include "host/isolate/child/frame.h"

#include <gtest/gtest.h>

namespace ganger::host {
namespace {

std::string frame(FrameKind kind, std::uint32_t call, std::string_view payload) {
  std::string bytes;
  append_frame(bytes, kind, call, payload);
  return bytes;
}

TEST(FrameDecoder, FramesComeBackAsTheyWereSent) {
  FrameDecoder decoder(Side::child);

  decoder.feed(frame(FrameKind::log, 7, "payload") + frame(FrameKind::result, 8, ""));
  const auto first = decoder.next();
  const auto second = decoder.next();

  ASSERT_TRUE(first && *first && second && *second);
  EXPECT_EQ((*first)->kind, FrameKind::log);
  EXPECT_EQ((*first)->call, 7u);
  EXPECT_EQ((*first)->payload, "payload");
  EXPECT_EQ((*second)->kind, FrameKind::result);
  EXPECT_EQ((*second)->payload, "");
  EXPECT_FALSE(decoder.has_part());
}

TEST(FrameDecoder, AFrameMayComeByteByByte) {
  const std::string bytes = frame(FrameKind::call, 1, "abc");
  FrameDecoder decoder(Side::host);

  for (const char byte : bytes.substr(0, bytes.size() - 1)) {
    decoder.feed({&byte, 1});
    const auto part = decoder.next();
    ASSERT_TRUE(part && !*part);
    EXPECT_TRUE(decoder.has_part());
  }
  decoder.feed({&bytes.back(), 1});
  const auto whole = decoder.next();

  ASSERT_TRUE(whole && *whole);
  EXPECT_EQ((*whole)->payload, "abc");
}

TEST(FrameDecoder, ManyFramesInOddPiecesStayWhole) {
  std::string bytes;
  for (std::uint32_t i = 0; i < 200; ++i) append_frame(bytes, FrameKind::log, i, std::string(i, 'x'));
  FrameDecoder decoder(Side::child);
  std::uint32_t seen = 0;

  for (std::size_t at = 0; at < bytes.size(); at += 37) {
    decoder.feed(std::string_view(bytes).substr(at, 37));
    for (auto f = decoder.next(); f && *f; f = decoder.next(), ++seen) {
      ASSERT_EQ((*f)->call, seen);
      ASSERT_EQ((*f)->payload, std::string(seen, 'x'));
    }
  }

  EXPECT_EQ(seen, 200u);
}

TEST(FrameDecoder, WhatIsNoFrameIsAnErrorForEver) {
  FrameDecoder decoder(Side::child);

  decoder.feed("sixteen bytes or more of something else");
  const auto first = decoder.next();
  decoder.feed(frame(FrameKind::log, 1, ""));
  const auto second = decoder.next();

  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().message, "what came is no frame");
  EXPECT_FALSE(second);
}

TEST(FrameDecoder, AnAbsurdLengthIsAnErrorBeforeAnythingIsKeptForIt) {
  std::string bytes = frame(FrameKind::log, 1, "");
  for (std::size_t i = 12; i < 16; ++i) bytes[i] = '\xff';
  FrameDecoder decoder(Side::child);

  decoder.feed(bytes);
  const auto wrong = decoder.next();

  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "a frame of 4294967295 bytes, which is too long");
}

TEST(FrameDecoder, AKindThatOnlyThisSideMaySendIsAnError) {
  for (const Side other : {Side::host, Side::child})
    for (const FrameKind kind :
         {FrameKind::setup, FrameKind::call, FrameKind::reply, FrameKind::stop, FrameKind::ready, FrameKind::refused,
          FrameKind::log, FrameKind::progress, FrameKind::input, FrameKind::work_dir, FrameKind::place,
          FrameKind::place_filled, FrameKind::place_back, FrameKind::result, FrameKind::secret_output}) {
      FrameDecoder decoder(other);
      decoder.feed(frame(kind, 1, ""));
      EXPECT_EQ(decoder.next().has_value(), sender_of(kind) == other) << static_cast<int>(kind);
    }
}

TEST(FrameDecoder, AnUnknownKindIsAnError) {
  FrameDecoder decoder(Side::child);

  decoder.feed(frame(static_cast<FrameKind>(99), 1, ""));

  const auto wrong = decoder.next();
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "a frame of unknown kind 99");
}

TEST(PayloadReader, ACountThatCannotBeThereIsNone) {
  PayloadWriter out;
  out.number(std::uint32_t{1000});
  out.number(std::uint64_t{0});
  const std::string bytes = out.take();
  PayloadReader in(bytes);

  EXPECT_EQ(in.count(8), 0u);

  EXPECT_FALSE(in.is_whole());
}

TEST(PayloadReader, ATextThatIsCutOffIsEmptyAndAllAfterItToo) {
  PayloadWriter out;
  out.text("hello");
  const std::string bytes = out.take().substr(0, 7);
  PayloadReader in(bytes);

  EXPECT_EQ(in.text(), "");
  EXPECT_EQ(in.number<std::uint32_t>(), 0u);

  EXPECT_FALSE(in.is_whole());
}

}  // namespace
}  // namespace ganger::host
