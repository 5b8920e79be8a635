#pragma once

#include "tests/e2e/desk.hpp"

#include <catch2/catch.hpp>

#include <string>

// config/examples as tests run them: with ports and folders of their own.
namespace dkvm::test {

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  REQUIRE(text.find(from) != std::string::npos);
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

inline std::string example_text(const std::string& file) {
  return read_text(DKVM_SOURCE_DIR "/config/examples/" + file);
}

inline std::string run_dkvmctl(const std::string& arguments) {
  const Finished done = run_program(DKVM_BIN_DIR "/dkvmctl " + arguments);
  INFO(arguments << ": " << done.output);
  REQUIRE(done.status == 0);
  return done.output;
}

// Of the identity in this folder.
inline std::string fingerprint(const std::string& folder) {
  return Json::parse(run_dkvmctl("identity show --json --folder " + folder)).at("fingerprint");
}

// The identities in these folders trust each other by these names.
struct Named {
  std::string name;
  std::string folder;
};
inline void trust_each_other(const Named& a, const Named& b) {
  run_dkvmctl("trust add " + b.name + " " + fingerprint(b.folder) + " --folder " + a.folder);
  run_dkvmctl("trust add " + a.name + " " + fingerprint(a.folder) + " --folder " + b.folder);
}

}  // namespace dkvm::test
