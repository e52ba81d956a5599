// Prints, for each file of RDF/XML, in which profiles of OWL 2 it is, and what keeps it out.

import java.io.File;
import org.semanticweb.owlapi.apibinding.OWLManager;
import org.semanticweb.owlapi.model.OWLOntology;
import org.semanticweb.owlapi.profiles.*;

class Profiles {
    public static void main(String[] files) throws Exception {
        OWLProfile[] profiles = {new OWL2DLProfile(), new OWL2RLProfile()};
        for (String file : files) {
            OWLOntology ontology =
                OWLManager.createOWLOntologyManager().loadOntologyFromOntologyDocument(new File(file));
            for (OWLProfile profile : profiles) {
                OWLProfileReport report = profile.checkOntology(ontology);
                System.out.println(profile.getName() + ": " + (report.isInProfile() ? "yes" : "no"));
                for (OWLProfileViolation violation : report.getViolations()) {
                    System.out.println("  " + violation);
                }
            }
        }
    }
}
