#include "host/plan/index_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace ganger::host {
namespace {

TEST(IndexSet, DoesWhatASortedSetDoes) {
  for (const std::uint32_t capacity : {1u, 63u, 64u, 65u, 4096u, 4097u, 300'000u}) {
    std::mt19937 random(capacity);
    IndexSet set(capacity);
    std::set<std::uint32_t> model;
    for (int i = 0; i < 5000; ++i) {
      const auto index = static_cast<std::uint32_t>(random() % capacity);
      switch (random() % 4) {
        case 0:
        case 1:
          set.insert(index);
          model.insert(index);
          break;
        case 2:
          set.erase(index);
          model.erase(index);
          break;
        default:
          if (!model.empty()) {
            ASSERT_EQ(set.pop_min(), *model.begin());
            model.erase(model.begin());
          }
      }
      ASSERT_EQ(set.empty(), model.empty());
      ASSERT_EQ(set.min(), model.empty() ? IndexSet::kNone : *model.begin());
      ASSERT_EQ(set.contains(index), model.contains(index));
    }
  }
}

TEST(IndexSet, OneForNoIndicesIsEmpty) {
  const IndexSet none(0), unmade;

  EXPECT_TRUE(none.empty());
  EXPECT_TRUE(unmade.empty());
  EXPECT_EQ(none.min(), IndexSet::kNone);
  EXPECT_FALSE(none.contains(0));
  EXPECT_FALSE(unmade.contains(0));
}

}  // namespace
}  // namespace ganger::host
