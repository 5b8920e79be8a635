#include "tools/dkvmctl/template.hpp"
#include "tools/dkvmctl/init/kvm_yaml.hpp"
#include "tools/dkvmctl/machine/display.hpp"

#include <catch2/catch.hpp>

using namespace dkvm::ctl;

TEST_CASE("a template's names are filled in, and other signs stay") {
  CHECK(filled("a @NAME@, @NAME@!", {{"NAME", "x"}}) == "a x, x!");
  CHECK(filled("me@home @OTHER@ @", {{"NAME", "x"}}) == "me@home @OTHER@ @");
  CHECK(filled("@@NAME@", {{"NAME", "x"}}) == "@x");
  CHECK(filled("", {}).empty());
}

TEST_CASE("a device's name becomes that of a class") {
  CHECK(class_name_of("acme-pedal") == "AcmePedal");
  CHECK(class_name_of("pedal_2x") == "Pedal2x");
  CHECK(class_name_of("3d-mouse") == "My3dMouse");
  CHECK(class_name_of("device") == "MyDevice");
}

TEST_CASE("versions compare by their numbers") {
  CHECK(at_least("1.5", "1.5"));
  CHECK(at_least("1.10", "1.5"));
  CHECK(at_least("2.0", "1.5"));
  CHECK_FALSE(at_least("1.4", "1.5"));
  CHECK_FALSE(at_least("", "1.0"));
}

TEST_CASE("a desk's file has a target, a hotkey and a border for each peer") {
  Machine machine;
  machine.name = "atlas";
  machine.peers = {"couch", "attic"};
  machine.display = Display{":0", {}, {{"HDMI-1", 0, 0, 1920, 1080}}};
  const std::string yaml = kvm_yaml(machine, Role::desk);
  for (const char* part : {"name: atlas", "HDMI-1 is 1920x1080 at 0,0", "couch: link/couch",
                           "attic: [KEY_LEFTCTRL, KEY_LEFTALT, KEY_3]",
                           "layout: {local: {right: couch, left: attic}}", "to: screen-attic"})
    CHECK(yaml.find(part) != std::string::npos);
  CHECK(yaml.find("enabled: false") == std::string::npos);
  machine.display.reset();
  machine.no_display = "nobody is there";
  const std::string blind = kvm_yaml(machine, Role::desk);
  CHECK(blind.find("enabled: false") != std::string::npos);
  CHECK(blind.find("nobody is there") != std::string::npos);
}
