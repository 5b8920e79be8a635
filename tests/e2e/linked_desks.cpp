#include "tests/e2e/linked_desks.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace dkvm::test {
namespace {

std::string run(const std::string& arguments) {
  const Finished done = run_program(DKVM_BIN_DIR "/dkvmctl " + arguments);
  INFO(arguments << ": " << done.output);
  REQUIRE(done.status == 0);
  return done.output;
}

}  // namespace

LinkedDesks::LinkedDesks(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    Member member{name, std::make_unique<Desk>(name), {}};
    for (const Member& before : members_) REQUIRE(before.address != member.address);
    const std::string folder = member.desk->path("identity");
    run("identity make --name " + name + " --folder " + folder);
    const Json shown = Json::parse(run("identity show --json --folder " + folder));
    member.fingerprint = shown.at("fingerprint");
    members_.push_back(std::move(member));
  }
  for (const Member& at : members_)
    for (const Member& peer : members_)
      if (&at != &peer)
        run("trust add " + peer.name + " " + peer.fingerprint + " --folder " +
            at.desk->path("identity"));
}

void LinkedDesks::add_link(Member& it, const std::string& device) {
  if (std::find(it.links.begin(), it.links.end(), device) != it.links.end()) return;
  it.links.push_back(device);
  it.desk->grant("{target: " + device + ", methods: [links.list]}");
}

LinkedDesks::Member& LinkedDesks::member(const std::string& name) {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const Member& each) { return each.name == name; });
  REQUIRE(found != members_.end());
  return *found;
}

Desk& LinkedDesks::operator[](const std::string& name) { return *member(name).desk; }

std::string LinkedDesks::link_yaml(Member& it, const std::string& config, const std::string& keys) {
  const bool server = &it == &members_.front();
  const std::string where =
      server ? "listen: \"" + it.address + "\""
             : "connect: \"" + members_.front().address + "\", peer: " + members_.front().name;
  add_link(it, "network");
  return "  network: {type: " + std::string(server ? "tcp-server" : "tcp-client") + keys +
         ", config: {" + where + ", identity: identity" + config + "}}\n";
}

std::string LinkedDesks::listening(const std::string& at, const std::string& config) {
  Member& it = member(at);
  add_link(it, "network");
  return "  network: {type: tcp-server, config: {listen: \"" + it.address +
         "\", identity: identity" + config + "}}\n";
}

std::string LinkedDesks::dialling(const std::string& at, const std::string& peer,
                                  const std::string& device) {
  add_link(member(at), device);
  return "  " + device + ": {type: tcp-client, config: {connect: \"" + member(peer).address +
         "\", peer: " + peer + ", identity: identity}}\n";
}

void LinkedDesks::trust_stranger(const std::string& at, const std::string& name) {
  const Member& desk = member(at);
  const std::string folder = desk.desk->path("stranger-" + name);
  run("identity make --name " + name + " --folder " + folder);
  const Json shown = Json::parse(run("identity show --json --folder " + folder));
  run("trust add " + name + " " + shown.at("fingerprint").get<std::string>() + " --folder " +
      desk.desk->path("identity"));
  run("trust add " + at + " " + desk.fingerprint + " --folder " + folder);
}

void LinkedDesks::start_linked(const std::string& name, const std::string& links,
                               const std::string& devices, const std::string& pipelines) {
  member(name).desk->start("devices:\n" + links + devices + "pipelines:\n" + pipelines);
}

void LinkedDesks::start(const std::string& name, const std::string& devices,
                        const std::string& pipelines, const std::string& link_config,
                        const std::string& link_keys) {
  write(name, devices, pipelines, link_config, link_keys);
  member(name).desk->launch();
}

void LinkedDesks::write(const std::string& name, const std::string& devices,
                        const std::string& pipelines, const std::string& link_config,
                        const std::string& link_keys) {
  Member& it = member(name);
  it.desk->write("devices:\n" + link_yaml(it, link_config, link_keys) + devices + "pipelines:\n" +
                 pipelines);
}

Json LinkedDesks::link(const std::string& at, const std::string& peer) {
  Json found;
  for (const std::string& device : member(at).links) {
    const Json links = member(at).desk->ctl("call " + device + " links.list");
    for (const Json& each : links.at("links"))
      if (each.at("peer") == peer && (found.is_null() || each.at("state") == "up")) found = each;
  }
  return found;
}

void LinkedDesks::wait_link(const std::string& at, const std::string& peer,
                            const std::string& state) {
  Json last;
  const bool there = eventually(kPatience, [&] {
    last = link(at, peer);
    return last.is_object() && last.at("state") == state;
  });
  INFO("the link of " << at << " to " << peer << ": " << last << "\n" << member(at).desk->log());
  REQUIRE(there);
}

void LinkedDesks::wait_stream(const std::string& at, const std::string& peer,
                              const std::string& stream, const std::string& state) {
  Json last;
  const bool there = eventually(kPatience, [&] {
    last = link(at, peer);
    if (!last.is_object()) return false;
    for (const Json& each : last.at("streams"))
      if (each.at("name") == stream && each.at("state") == state) return true;
    return false;
  });
  INFO("stream " << stream << " of " << at << " to " << peer << ": " << last << "\n"
                 << member(at).desk->log());
  REQUIRE(there);
}

}  // namespace dkvm::test
