package com.cloudshelf.cart;

import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.zip.CRC32;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.SdkEventLoopGroup;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClientBuilder;

/**
 * An HTTP server that can misbehave in every way. Each request gets the next answer of a script, and the last answer
 * repeats.
 */
final class WireServer implements AutoCloseable {
    /** Answers one request, and may leave its connection in any state. */
    interface Answer {
        void to(Request request, Socket socket, OutputStream out) throws IOException, InterruptedException;
    }

    record Request(String operation, String head, String body) {
        String header(String name) {
            return head.lines()
                    .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
                    .map(line -> line.substring(name.length() + 1).trim())
                    .findFirst()
                    .orElse("");
        }
    }

    /** The threads of all clients. A group per client would take two seconds to close. */
    private static final SdkEventLoopGroup THREADS =
            SdkEventLoopGroup.builder().numberOfThreads(2).build();

    private final ServerSocket listener;
    private final Queue<Answer> script = new ConcurrentLinkedQueue<>();
    private final List<Request> seen = new CopyOnWriteArrayList<>();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final CountDownLatch arrived = new CountDownLatch(1);
    private volatile Answer last;
    private volatile boolean remembers = true;

    WireServer(Answer... answers) {
        script.addAll(List.of(answers).subList(0, answers.length - 1));
        last = answers[answers.length - 1];
        try {
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        onThread(() -> {
            while (true) {
                Socket socket = listener.accept();
                open.add(socket);
                onThread(() -> {
                    try (socket) {
                        serve(socket);
                    } finally {
                        open.remove(socket);
                    }
                });
            }
        });
    }

    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    private static void onThread(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException | InterruptedException e) {
                // The client is gone, or the test is over.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private void serve(Socket socket) throws IOException, InterruptedException {
        InputStream in = socket.getInputStream();
        StringBuilder head = new StringBuilder();
        for (int next = in.read(); next >= 0; next = in.read()) {
            head.append((char) next);
            if (head.toString().endsWith("\r\n\r\n")) {
                Request bare = new Request("", head.toString(), "");
                int length = Integer.parseInt("0" + bare.header("Content-Length"));
                byte[] bytes = in.readNBytes(length);
                if (bytes.length < length) {
                    return; // broken off
                }
                String body = new String(bytes, StandardCharsets.UTF_8);
                String target = bare.header("X-Amz-Target");
                Request request = new Request(target.substring(target.indexOf('.') + 1), head.toString(), body);
                head.setLength(0);
                if (remembers) {
                    seen.add(request);
                }
                arrived.countDown();
                Answer answer = script.poll();
                (answer == null ? last : answer).to(request, socket, socket.getOutputStream());
            }
        }
    }

    /** From now on, answers every request like this. */
    void answer(Answer answer) {
        last = answer;
    }

    /** Forgets requests, for tests that send very many. */
    void rememberNothing() {
        remembers = false;
    }

    List<Request> seen() {
        return seen;
    }

    List<String> operations() {
        return seen.stream().map(Request::operation).toList();
    }

    /** Waits for the first request. */
    void awaitRequest() throws InterruptedException {
        arrived.await();
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + listener.getLocalPort());
    }

    /** Returns a builder of the SDK's own client over Netty, which sends each request once. */
    DynamoDbAsyncClientBuilder client() {
        return client(uri());
    }

    static DynamoDbAsyncClientBuilder client(URI uri) {
        return DynamoDbAsyncClient.builder()
                .httpClientBuilder(netty())
                .region(Region.US_EAST_1)
                .endpointOverride(uri)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("key", "secret")))
                .overrideConfiguration(override -> override.retryStrategy(AwsRetryStrategy.doNotRetry()));
    }

    /** Starts the threads that all clients of these tests share. */
    static void startThreads() {
        for (EventExecutor thread : THREADS.eventLoopGroup()) {
            thread.submit(() -> {}).syncUninterruptibly();
        }
    }

    static NettyNioAsyncHttpClient.Builder netty() {
        return NettyNioAsyncHttpClient.builder().eventLoopGroup(THREADS);
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : open) {
            socket.close();
        }
    }

    /** Sends these bytes, and then closes the connection. */
    static Answer raw(String text) {
        return (request, socket, out) -> {
            out.write(text.getBytes(StandardCharsets.UTF_8));
            out.flush();
            socket.close();
        };
    }

    static Answer http(int status, String body, String... headers) {
        return (request, socket, out) -> {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " Status\r\nContent-Length: " + bytes.length);
            for (String header : headers) {
                head.append("\r\n").append(header);
            }
            out.write(head.append("\r\n\r\n").toString().getBytes(StandardCharsets.UTF_8));
            out.write(bytes);
            out.flush();
        };
    }

    /** Responds as DynamoDB does, with its headers. */
    static Answer ok(String body) {
        CRC32 crc = new CRC32();
        crc.update(body.getBytes(StandardCharsets.UTF_8));
        return http(200, body, "x-amzn-RequestId: R200", "x-amz-crc32: " + crc.getValue());
    }

    static Answer error(int status, String code, String... headers) {
        return http(
                status, "{\"__type\":\"com.amazonaws.dynamodb.v20120810#" + code + "\",\"message\":\"text\"}", headers);
    }

    static Answer hang() {
        return (request, socket, out) -> {};
    }

    static Answer reset() {
        return (request, socket, out) -> {
            socket.setSoLinger(true, 0);
            socket.close();
        };
    }
}
