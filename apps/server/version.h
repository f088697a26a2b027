// The version, as both programs print it. Kept equal to CMakeLists.txt by tests/house.
#pragma once

namespace server {

inline constexpr const char* version = "0.1.0";

}  // namespace server
