import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.io.IOException;

/** A MongoDB in memory on a free loopback port, which it prints. It ends when its standard input does. */
public class Emulator {
    public static void main(String[] args) throws IOException {
        MongoServer server = new MongoServer(new MemoryBackend());
        System.out.println(server.bind().getPort());
        while (System.in.read() != -1) {}
        server.shutdownNow();
    }
}
