package com.cloudshelf.cart.benchmark;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A service with a latency, in a separate JVM. Every read, and every write that asks for one, returns the same item. A
 * share of the requests hangs.
 */
final class StubService implements AutoCloseable {
    private static final String AWS_ENDPOINT = "aws.endpointUrlDynamoDb";
    private static final byte[] NOTHING = "{}".getBytes(StandardCharsets.UTF_8);
    private static final byte[] FAILURE = error("InternalServerError");
    private static final byte[] THROTTLED = error("ThrottlingException");

    private static final int HANG_MILLIS = 10_000;

    private final Process process;
    private final URI endpoint;

    private StubService(Process process, URI endpoint) {
        this.process = process;
        this.endpoint = endpoint;
    }

    static StubService start(Path item, int latencyMillis) throws IOException {
        return start(item, latencyMillis, 200);
    }

    /**
     * Starts a service that answers every request with this status: with 400 it throttles, and with 500 it has failed.
     */
    static StubService start(Path item, int latencyMillis, int status) throws IOException {
        return start(item, latencyMillis, status, 0);
    }

    /** Starts a service that answers one in so many requests only after ten seconds; none if the number is 0. */
    static StubService start(Path item, int latencyMillis, int status, int hungOneIn) throws IOException {
        Process process = new ProcessBuilder(
                        Jvm.java(),
                        "-Xmx512m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        StubService.class.getName(),
                        item.toString(),
                        Integer.toString(latencyMillis),
                        Integer.toString(status),
                        Integer.toString(hungOneIn))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        return new StubService(process, URI.create("http://127.0.0.1:" + out.readLine()));
    }

    URI endpoint() {
        return endpoint;
    }

    /** Returns the system properties that point the SDK's clients at this service. */
    List<String> settings() {
        return settings(endpoint);
    }

    static List<String> settings(URI endpoint) {
        return List.of(
                "-D" + AWS_ENDPOINT + "=" + endpoint,
                "-Daws.region=us-east-1",
                "-Daws.accessKeyId=local",
                "-Daws.secretAccessKey=local");
    }

    @Override
    public void close() {
        process.destroy();
    }

    private static byte[] error(String type) {
        return ("{\"__type\":\"com.amazonaws.dynamodb.v20120810#" + type + "\"}").getBytes(StandardCharsets.UTF_8);
    }

    /** Serves until the process ends. */
    public static void main(String[] arguments) throws Exception {
        byte[] item = Files.readAllBytes(Path.of(arguments[0]));
        int latency = Integer.parseInt(arguments[1]);
        HttpResponseStatus status = HttpResponseStatus.valueOf(Integer.parseInt(arguments[2]));
        int hungOneIn = Integer.parseInt(arguments[3]);
        byte[] attributes = new String(item, StandardCharsets.UTF_8)
                .replaceFirst("\"Item\"", "\"Attributes\"")
                .getBytes(StandardCharsets.UTF_8);
        EventLoopGroup loops = new NioEventLoopGroup(2);
        InetSocketAddress address = (InetSocketAddress) new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        channel.pipeline()
                                .addLast(new HttpServerCodec(), new HttpObjectAggregator(1 << 20))
                                .addLast(new Handler(item, attributes, latency, status, hungOneIn));
                    }
                })
                .bind("127.0.0.1", 0)
                .sync()
                .channel()
                .localAddress();
        System.out.println(address.getPort());
        System.in.read(); // returns when the process that started this one ends
        System.exit(0);
    }

    private static final class Handler extends SimpleChannelInboundHandler<FullHttpRequest> {
        private static final AtomicInteger REQUESTS = new AtomicInteger();

        private final byte[] item;
        private final byte[] attributes;
        private final int latency;
        private final HttpResponseStatus status;
        private final int hungOneIn;

        Handler(byte[] item, byte[] attributes, int latency, HttpResponseStatus status, int hungOneIn) {
            this.item = item;
            this.attributes = attributes;
            this.latency = latency;
            this.status = status;
            this.hungOneIn = hungOneIn;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
            String target = request.headers().get("X-Amz-Target", "");
            byte[] body = switch (status.code()) {
                case 200 -> answerTo(target, request);
                case 400 -> THROTTLED;
                default -> FAILURE;
            };
            boolean hangs = hungOneIn > 0 && REQUESTS.incrementAndGet() % hungOneIn == 0;
            FullHttpResponse response =
                    new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.wrappedBuffer(body));
            response.headers()
                    .set(HttpHeaderNames.CONTENT_TYPE, "application/x-amz-json-1.0")
                    .set(HttpHeaderNames.CONTENT_LENGTH, body.length);
            context.executor()
                    .schedule(
                            () -> context.writeAndFlush(response),
                            hangs ? HANG_MILLIS : latency,
                            TimeUnit.MILLISECONDS);
        }

        private byte[] answerTo(String target, FullHttpRequest request) {
            if (target.endsWith(".GetItem")) {
                return item;
            }
            return request.content().toString(StandardCharsets.UTF_8).contains("ALL_NEW") ? attributes : NOTHING;
        }
    }
}
