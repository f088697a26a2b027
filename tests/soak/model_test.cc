// The versions that a reader may see.
#include "tests/soak/model.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace soak {
namespace {

using Versions = std::vector<Version>;

TEST(Model, AFileIsAbsentAtFirst) {
  Model model(2);
  EXPECT_EQ(model.possible(1), Versions{absent});
}

TEST(Model, AStoredVersionReplacesAllOthers) {
  Model model(1);
  model.begin_write(0, 7);
  EXPECT_EQ(model.possible(0), (Versions{absent, 7}));
  model.end_write(0, Outcome::stored);
  EXPECT_EQ(model.possible(0), Versions{7});
}

TEST(Model, ARefusedWriteChangesNothing) {
  Model model(1);
  model.begin_write(0, 7);
  model.end_write(0, Outcome::refused);
  EXPECT_EQ(model.possible(0), Versions{absent});
}

TEST(Model, AnUnknownOutcomeLeavesBothUntilTheNextStoredWrite) {
  Model model(1);
  model.begin_write(0, 7);
  model.end_write(0, Outcome::unknown);
  model.begin_write(0, 8);
  model.end_write(0, Outcome::refused);
  EXPECT_EQ(model.possible(0), (Versions{absent, 7}));
  model.begin_write(0, 9);
  model.end_write(0, Outcome::stored);
  EXPECT_EQ(model.possible(0), Versions{9});
}

TEST(Model, AReaderMaySeeEachVersionOfItsTime) {
  Model model(1);
  const Model::Reading early = model.begin_read(0);
  model.begin_write(0, 7);
  model.end_write(0, Outcome::stored);
  const Model::Reading late = model.begin_read(0);
  model.begin_write(0, 8);
  EXPECT_EQ(model.end_read(0, early), (Versions{absent, 7, 8}));
  EXPECT_EQ(model.end_read(0, late), (Versions{7, 8}));
}

}  // namespace
}  // namespace soak
