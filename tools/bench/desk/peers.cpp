// The peers: Barrier for keys and mouse, TigerVNC and GStreamer for the screen.

#include "tools/bench/desk/contender.hpp"
#include "tools/bench/harness/interrupt.hpp"
#include "trust/identity.hpp"
#include "trust/paths.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace dkvm::bench {
namespace {

namespace fs = std::filesystem;

Result<Contender> on_new_screens(LinkBench& bench, const std::string& name) {
  Contender contender;
  contender.name = name;
  DKVM_TRY(contender.near, XScreen::start(bench.folder, name + "-near"));
  DKVM_TRY(contender.far, XScreen::start(bench.folder, name + "-far"));
  return contender;
}

Result<> start(LinkBench& bench, Contender& contender, const std::string& name,
               std::vector<std::string> args, const XScreen* screen) {
  std::vector<std::string> environment;
  if (screen != nullptr) environment.push_back(screen->variable());
  DKVM_TRY(Process process, start_logged(bench, contender.name + "-" + name, std::move(args),
                                         std::move(environment)));
  contender.processes.push_back(std::move(process));
  return {};
}

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Errors: Errc::timeout.
Result<> await_listener(int port) {
  constexpr int kTriesMax = 200;
  constexpr std::chrono::milliseconds kTry{25};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int i = 0; i < kTriesMax; ++i) {
    const detail::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0)
      return {};
    DKVM_CHECK(sleep_for(kTry));
  }
  return fail(Errc::timeout, fmt::format("nobody listens at port {}", port));
}

// Key, certificate and whom it trusts (itself, at the other end), as Barrier wants them.
Result<std::string> make_barrier_profile(const LinkBench& bench, const trust::Identity& identity,
                                         const std::string& folder, const std::string& name) {
  const std::string profile = bench.folder.file("barrier-" + name);
  fs::create_directories(profile + "/SSL/Fingerprints");
  std::ofstream(profile + "/SSL/Barrier.pem")
      << text_of(folder + "/" + trust::kKeyFile) << text_of(folder + "/" + trust::kCertificateFile);
  std::string pin = identity.fingerprint().text();
  pin = pin.substr(pin.find(':') + 1);
  for (const char* whom : {"TrustedServers.txt", "TrustedClients.txt"})
    std::ofstream(profile + "/SSL/Fingerprints/" + whom) << "v2:sha256:" << pin << "\n";
  return profile;
}

constexpr const char* kBarrierConfig = R"(section: screens
  near:
  far:
end
section: links
  near:
    right = far
  far:
    left = near
end
section: options
  keystroke(f12) = switchToScreen(far)
end
)";

}  // namespace

Result<Contender> start_barrier(LinkBench& bench) {
  DKVM_CHECK(require("/usr/bin/barriers", "barrier"));
  DKVM_TRY(Contender barrier, on_new_screens(bench, "barrier"));
  const std::string folder = bench.folder.file("barrier.identity");
  DKVM_TRY(const auto identity, trust::Identity::make(folder, trust::KeyKind::p256, "barrier"));
  DKVM_TRY(const std::string near, make_barrier_profile(bench, identity, folder, "near"));
  DKVM_TRY(const std::string far, make_barrier_profile(bench, identity, folder, "far"));
  const std::string config = bench.folder.file("barrier.conf");
  std::ofstream(config) << kBarrierConfig;
  DKVM_TRY(const int port, free_port());
  const std::string address = fmt::format("127.0.0.1:{}", port);
  DKVM_CHECK(start(bench, barrier, "server",
                   {"/usr/bin/barriers", "-f", "--no-tray", "--debug", "WARNING", "--name", "near",
                    "--enable-crypto", "--profile-dir", near, "-c", config, "--address", address},
                   &*barrier.near));
  DKVM_CHECK(start(bench, barrier, "client",
                   {"/usr/bin/barrierc", "-f", "--no-tray", "--debug", "WARNING", "--name", "far",
                    "--enable-crypto", "--profile-dir", far, address},
                   &*barrier.far));
  return barrier;
}

Result<Contender> start_vnc(LinkBench& bench) {
  // The programs themselves: what Debian wraps around them would not end with us.
  const std::string server = "/usr/bin/X0tigervnc";
  const std::string viewer = "/usr/bin/xtigervncviewer";
  DKVM_CHECK(require(server, "tigervnc-scraping-server"));
  DKVM_CHECK(require(viewer, "tigervnc-viewer"));
  DKVM_TRY(Contender vnc, on_new_screens(bench, "tigervnc"));
  DKVM_TRY(const int port, free_port());
  DKVM_CHECK(start(bench, vnc, "server",
                   {server, "-display", vnc.far->display(), "-rfbport", std::to_string(port),
                    "-SecurityTypes", "None", "-localhost=1"},
                   &*vnc.far));
  DKVM_CHECK(await_listener(port));
  DKVM_CHECK(start(bench, vnc, "viewer",
                   {viewer, "-FullScreen", "-SecurityTypes", "None", "-AlertOnFatalError=0",
                    "-ReconnectOnError=0", fmt::format("127.0.0.1::{}", port)},
                   &*vnc.near));
  return vnc;
}

Result<Contender> start_gstreamer(LinkBench& bench, int fps) {
  const std::string program = "/usr/bin/gst-launch-1.0";
  DKVM_CHECK(require(program, "gstreamer1.0-tools"));
  DKVM_TRY(Contender gst, on_new_screens(bench, "gstreamer"));
  DKVM_TRY(const int port, free_port());
  DKVM_CHECK(start(bench, gst, "viewer",
                   {program, "-q", "udpsrc", fmt::format("port={}", port), "buffer-size=8388608",
                    "caps=application/x-rtp,media=video,encoding-name=H264,payload=96,clock-rate="
                    "90000",
                    "!", "rtph264depay", "!", "avdec_h264", "!", "videoconvert", "!", "ximagesink",
                    "sync=false", "display=" + gst.near->display()},
                   &*gst.near));
  DKVM_CHECK(start(bench, gst, "sender",
                   {program,
                    "-q",
                    "ximagesrc",
                    "display-name=" + gst.far->display(),
                    "use-damage=0",
                    "show-pointer=0",
                    "!",
                    fmt::format("video/x-raw,framerate={}/1", fps),
                    "!",
                    "videoconvert",
                    "!",
                    "x264enc",
                    "tune=zerolatency",
                    "speed-preset=ultrafast",
                    "bitrate=8000",
                    "key-int-max=60",
                    "!",
                    "rtph264pay",
                    "config-interval=1",
                    "!",
                    "udpsink",
                    "host=127.0.0.1",
                    fmt::format("port={}", port)},
                   &*gst.far));
  return gst;
}

}  // namespace dkvm::bench
