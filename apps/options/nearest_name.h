// nearest_name: which name a person most likely meant who mistyped it. Pure.
//
// Two names are as far apart as letters have to be inserted, deleted, replaced or swapped with
// their neighbours. Covered by tests/options/nearest_name_test.cc.
#pragma once

#include <span>
#include <string_view>

namespace options {

// Returns the nearest of `names`, the first of several; empty where none is near enough: at most
// two letters, or a third of `name`, may differ.
[[nodiscard]] std::string_view nearest_name(std::string_view name,
                                            std::span<const std::string_view> names);

}  // namespace options
