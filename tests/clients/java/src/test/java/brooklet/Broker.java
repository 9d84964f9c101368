package brooklet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;

/** A broker process for the tests: its own folder, a free port, killed at the end. */
final class Broker implements AutoCloseable {
    private final Path folder;
    private final List<String> flags;
    private Process process;
    int port;

    Broker(String... flags) {
        this.flags = List.of(flags);
        try {
            folder = Files.createTempDirectory("brooklet-java-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(0);
    }

    /** Once more on the same folder. */
    void start(int wanted) {
        try {
            Path ready = folder.resolve("ready");
            Files.deleteIfExists(ready);
            List<String> command = new ArrayList<>(List.of(System.getenv("BROOKLET"), "--port", "" + wanted, "--bind", "127.0.0.1",
                "--dir", folder.resolve("data").toString(), "--ready-file", ready.toString(), "--exit-with-parent"));
            command.addAll(flags);
            process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            eventually(() -> {
                if (!process.isAlive()) throw new IllegalStateException("the broker did not start");
                return Files.exists(ready);
            }, Duration.ofSeconds(20));
            String line = Files.readString(ready).strip();
            port = Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void kill() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Until so many clients wait in a blocking call. */
    void waiting(int clients) {
        eventually(() -> {
            try (var socket = new Socket("127.0.0.1", port)) {
                socket.getOutputStream().write("INFO clients\r\nQUIT\r\n".getBytes());
                return new String(socket.getInputStream().readAllBytes()).contains("blocked_clients:" + clients + "\r\n");
            }
        });
    }

    String url() {
        return "redis://127.0.0.1:" + port;
    }

    @Override
    public void close() {
        kill();
        try (var files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until it is true, ten seconds at most. */
    static void eventually(Callable<Boolean> condition) {
        eventually(condition, Duration.ofSeconds(10));
    }

    static void eventually(Callable<Boolean> condition, Duration timeout) {
        long end = System.nanoTime() + timeout.toNanos();
        try {
            while (!condition.call()) {
                if (System.nanoTime() > end) throw new AssertionError("it did not happen in time");
                Thread.sleep(10);
            }
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
