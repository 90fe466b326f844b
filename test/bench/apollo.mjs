// The same answers by Apollo Server and its REST data sources, as their documentation shows them: one class
// for each vendor, one instance of it for each request, made in `context`.
import { once } from 'node:events';
import { RESTDataSource } from '@apollo/datasource-rest';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { endpointsOf } from './endpoints.mjs';
import {
  appointmentsOf,
  orderOf,
  portalRequestsOf,
  sources,
  vendorIdOf,
  visitOf,
} from './shapes.mjs';

const typeDefs = `#graphql
  scalar DateTime
  enum Vendor { CERBO MD_HQ MY_PATIENT_PORTAL NIMBUS VSEE }
  enum VisitKind { E_CONSULT GUEST SCHEDULED UNKNOWN WALK_IN }
  enum VisitStatus { CANCELLED COMPLETED CONFIRMED IN_PROGRESS PENDING REFUNDED UNKNOWN }
  enum AppointmentStatus { BOOKED CANCELLED COMPLETED UNKNOWN }
  enum PortalRequestStatus { DELETED DISMISSED OPEN UNKNOWN }
  enum PortalRequestType {
    APPOINTMENT DEMOGRAPHICS DOCUMENT PRESCRIPTION PRESCRIPTION_REFILL QUESTIONNAIRE SECURE_MESSAGE
    SUPPLEMENT UNKNOWN
  }
  enum SourceState { OK }
  type SourceStatus { vendor: Vendor! state: SourceState! }
  type Provider { id: ID! firstName: String lastName: String }
  type Visit {
    id: ID!
    vendor: Vendor!
    kind: VisitKind!
    status: VisitStatus!
    reason: String
    start: DateTime
    end: DateTime
    actualStart: DateTime
    actualEnd: DateTime
    provider: Provider
  }
  type Order { id: ID! tenantDomain: String! }
  type Appointment {
    id: ID!
    title: String
    status: AppointmentStatus!
    start: DateTime!
    end: DateTime
    timeZone: String
  }
  type PortalRequest {
    id: ID!
    vendor: Vendor!
    type: PortalRequestType!
    title: String
    status: PortalRequestStatus!
    createdAt: DateTime
  }
  type Visits { nodes: [Visit!]! sources: [SourceStatus!]! }
  type Appointments { nodes: [Appointment!]! sources: [SourceStatus!]! }
  type PortalRequests { nodes: [PortalRequest!]! sources: [SourceStatus!]! }
  type Patient {
    id: ID!
    fullName: String
    latestOrder: Order
    visits(first: Int = 20): Visits!
    appointments(first: Int = 20): Appointments!
    portalRequests(first: Int = 20): PortalRequests!
  }
  type Query {
    visit(id: ID!): Visit
    patient(id: ID!): Patient
  }
`;

/**
 * The fetcher is the default one, node-fetch: on Node 20 it asks through `http.globalAgent`, which keeps
 * connections alive, and Node's own fetch in its place (`fetch` is a documented option) was no faster. The
 * HTTP cache is the documented one, too, and keeps nothing, since the vendors send no `cache-control`.
 */
class VendorAPI extends RESTDataSource {
  constructor({ base, headers }, options) {
    super(options);
    this.baseURL = `${base}/`;
    this.headers = headers;
  }

  willSendRequest(_path, request) {
    Object.assign(request.headers, this.headers);
  }
}

class VSeeAPI extends VendorAPI {
  getVisit(id) {
    return this.get(`visits/${encodeURIComponent(id)}`);
  }
}

class NimbusAPI extends VendorAPI {
  getLatestOrder(userId) {
    return this.get('external-portal-access/latest-order', { params: { user_id: userId } });
  }
}

class MyPatientPortalAPI extends VendorAPI {
  getAppointments() {
    return this.get('appointments');
  }
}

class EnqueuedPortalAPI extends VendorAPI {
  getEnqueued(patientId) {
    return this.get(`patients/${encodeURIComponent(patientId)}/portal/enqueued`);
  }
}

class CerboAPI extends EnqueuedPortalAPI {}
class MdHqAPI extends EnqueuedPortalAPI {}

const [{ setup }] = await once(process, 'message');
process.on('disconnect', () => process.exit());
const { patient } = setup;
const endpoints = endpointsOf(setup);

const resolvers = {
  Query: {
    visit: async (_, { id }, { dataSources }) =>
      visitOf(await dataSources.vsee.getVisit(vendorIdOf(id)), patient),
    patient: (_, { id }) => (id === patient.id ? patient : null),
  },
  Patient: {
    latestOrder: async (_, _arguments, { dataSources }) =>
      orderOf(await dataSources.nimbus.getLatestOrder(endpoints.nimbus.id)),
    visits: async (parent, { first }, { dataSources }) => {
      const visit = await dataSources.vsee.getVisit(endpoints.vsee.id);
      return { nodes: [visitOf(visit, parent)].slice(0, first), sources: sources.visits };
    },
    appointments: async (parent, { first }, { dataSources }) => {
      const found = await dataSources.portal.getAppointments();
      return { nodes: appointmentsOf(found, parent, first), sources: sources.appointments };
    },
    portalRequests: async (parent, { first }, { dataSources }) => {
      const [cerbo, mdhq] = await Promise.all([
        dataSources.cerbo.getEnqueued(endpoints.cerbo.id),
        dataSources.mdhq.getEnqueued(endpoints.mdhq.id),
      ]);
      return {
        nodes: portalRequestsOf(cerbo, mdhq, parent, first),
        sources: sources.portalRequests,
      };
    },
  },
};

const server = new ApolloServer({ typeDefs, resolvers });
const { cache } = server;
const { url } = await startStandaloneServer(server, {
  listen: { port: 0, host: '127.0.0.1' },
  context: async () => ({
    dataSources: {
      vsee: new VSeeAPI(endpoints.vsee, { cache }),
      nimbus: new NimbusAPI(endpoints.nimbus, { cache }),
      portal: new MyPatientPortalAPI(endpoints.portal, { cache }),
      cerbo: new CerboAPI(endpoints.cerbo, { cache }),
      mdhq: new MdHqAPI(endpoints.mdhq, { cache }),
    },
  }),
});
process.send({ port: Number(new URL(url).port) });
