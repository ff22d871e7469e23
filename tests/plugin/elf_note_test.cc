#include "host/plugin/elf_note.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ganger::host {
namespace {

TEST(ElfNote, IsReadAsItWasWrittenAndThenTheNext) {
  const std::string both = note_section({"ganger", note_type(1, 2), "{}"}) + note_section({"GNU", 3, "12345"});
  std::string_view rest = both;

  const auto first = take_note(rest);
  const auto second = take_note(rest);

  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->owner, "ganger");
  EXPECT_EQ(first->type, 0x10002U);
  EXPECT_EQ(first->content, "{}");
  EXPECT_EQ(second->owner, "GNU");
  EXPECT_EQ(second->content, "12345");
  EXPECT_FALSE(take_note(rest));
}

TEST(ElfNote, ThatIsCutAnywhereIsNone) {
  const std::string whole = note_section({"ganger", 1, "1234"});

  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::string_view cut = std::string_view(whole).substr(0, size);
    EXPECT_FALSE(take_note(cut)) << size;
  }
}

TEST(ElfNote, OfSizesThatOverflowIsNone) {
  for (const char* sizes :
       {"\xff\xff\xff\xff\x04\0\0\0", "\x04\0\0\0\xff\xff\xff\xff", "\xfd\xff\xff\xff\xfd\xff\xff\xff"}) {
    const std::string bytes = std::string(sizes, 8) + std::string(64, '\1');
    std::string_view rest = bytes;
    EXPECT_FALSE(take_note(rest));
  }
}

}  // namespace
}  // namespace ganger::host
