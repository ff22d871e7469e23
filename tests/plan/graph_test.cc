#include "host/plan/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Graph, MergesEdgesThatAreThereTwiceAndSortsSuccessors) {
  const Graph graph(4, {{0, 3}, {0, 1}, {2, 3}, {0, 3}, {0, 1}});

  EXPECT_THAT(graph.successors(0), ElementsAre(1, 3));
  EXPECT_THAT(graph.successors(1), IsEmpty());
  EXPECT_THAT(graph.successors(2), ElementsAre(3));
  EXPECT_EQ(graph.predecessor_count(3), 2u);
  EXPECT_EQ(graph.edge_count(), 3u);
}

// 0 --> 1 --> 3
//  `--> 2 --'
TEST(Graph, ADiamondIsNoCycle) { EXPECT_THAT(Graph(4, {{0, 1}, {0, 2}, {1, 3}, {2, 3}}).find_cycle(), IsEmpty()); }

// 0 --> 3 --> 1 --> 4 --> 2
//        ^----------'
TEST(Graph, ACycleIsFoundAsThePathThroughItFromItsFirstTask) {
  const Graph graph(5, {{0, 3}, {3, 1}, {1, 4}, {4, 3}, {4, 2}});

  EXPECT_THAT(graph.find_cycle(), ElementsAre(1, 4, 3));
}

TEST(Graph, ATaskAfterItselfIsACycle) { EXPECT_THAT(Graph(2, {{1, 1}}).find_cycle(), ElementsAre(1)); }

TEST(Graph, AChainOfAMillionIsLookedThroughWithoutRecursion) {
  constexpr TaskIndex kTasks = 1'000'000;
  std::vector<Graph::Edge> edges;
  for (TaskIndex i = 1; i < kTasks; ++i) edges.emplace_back(i - 1, i);
  EXPECT_THAT(Graph(kTasks, edges).find_cycle(), IsEmpty());

  edges.emplace_back(kTasks - 1, 0);

  EXPECT_EQ(Graph(kTasks, edges).find_cycle().size(), kTasks);
}

}  // namespace
}  // namespace ganger::host
