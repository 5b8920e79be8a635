#include "tests/hostile/lie.hpp"

#include <dkvm/describe.hpp>

#include <algorithm>
#include <cstdio>
#include <cstring>

// A device that misbehaves in exactly one way: liar --lie NAME.
namespace dkvm::test {
namespace {

std::vector<Lie> all_lies() {
  std::vector<Lie> all;
  for (const auto& some : {lies_in_hello(), lies_in_frames(), lies_in_payloads(), lies_in_calls(),
                           lies_of_processes(), lies_about_slots(), lies_about_leases(),
                           lies_about_pools(), lies_in_memory(), odd_truths()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

int run(const std::vector<std::string_view>& arguments) {
  const auto lies = all_lies();
  if (arguments.size() < 2 || arguments[0] != "--lie") {
    std::fprintf(stderr, "liar --lie NAME, one of:\n");
    for (const Lie& lie : lies) std::fprintf(stderr, "  %s\n", lie.name.data());
    return 2;
  }
  const auto lie = std::ranges::find(lies, arguments[1], &Lie::name);
  if (lie == lies.end()) {
    std::fprintf(stderr, "there is no lie '%s'\n", arguments[1].data());
    return 2;
  }
  if (arguments.size() > 2 && arguments[2] == "--describe") {
    if (!lie->describes) return 2;
    std::fputs(describe(lie->manifest()).c_str(), stdout);
    return 0;
  }
  LiarStream stream;
  return lie->tell(stream);
}

}  // namespace
}  // namespace dkvm::test

int main(int argc, char** argv) {
  return dkvm::test::run(std::vector<std::string_view>(argv + 1, argv + argc));
}
