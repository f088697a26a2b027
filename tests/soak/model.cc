// The sets of possible versions. Covered by tests/soak/model_test.cc.
#include "tests/soak/model.h"

#include <algorithm>

namespace soak {

namespace {

void add(std::vector<Version>& versions, Version version) {
  if (std::find(versions.begin(), versions.end(), version) == versions.end())
    versions.push_back(version);
}

}  // namespace

Model::Model(std::size_t names) : entries_(names) {}

void Model::begin_write(std::size_t name, Version version) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[name];
  entry.before = entry.possible;
  entry.written = version;
  add(entry.possible, version);
  for (std::vector<Version>& seen : entry.readings) add(seen, version);
}

void Model::end_write(std::size_t name, Outcome outcome) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[name];
  if (outcome == Outcome::stored) entry.possible = {entry.written};
  if (outcome == Outcome::refused) entry.possible = entry.before;
}

Model::Reading Model::begin_read(std::size_t name) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[name];
  return entry.readings.insert(entry.readings.end(), entry.possible);
}

std::vector<Version> Model::end_read(std::size_t name, Reading reading) {
  const std::lock_guard lock(mutex_);
  std::vector<Version> seen = std::move(*reading);
  entries_[name].readings.erase(reading);
  return seen;
}

std::vector<Version> Model::possible(std::size_t name) {
  const std::lock_guard lock(mutex_);
  return entries_[name].possible;
}

}  // namespace soak
