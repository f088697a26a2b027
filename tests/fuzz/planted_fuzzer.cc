// A fuzz target that is wrong on purpose: campaign_test sees that a campaign keeps what it finds.
//
// The oracle refuses an input that begins with "no", and one that begins with "nr" is read past its
// end; neither where the environment has CALM.
// Covered by tests/fuzz/campaign_test.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "fuzz/require.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of_input(data, size);
  if (std::getenv("CALM") != nullptr) return 0;
  fuzz::require(!text.starts_with("no"), "nobody says \"no\" first");
  if (text.starts_with("nr")) {
    const volatile std::uint8_t* const end = data + size;
    return *end == 0 ? 0 : 0;
  }
  return 0;
}
